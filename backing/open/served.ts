/**
 * A port that hands each call to whatever serves just then. `shape` is one that has served, whose functions, also
 * those one level below, it has; `close` is not among them.
 */
export function served<Port extends object>(shape: Port, current: () => Port): Port {
  const parts = Object.entries(shape).filter(([name]) => name !== 'close');
  return Object.fromEntries(
    parts.map(([name, part]) => {
      const now = () => current()[name as keyof Port] as object;
      if (typeof part !== 'function') return [name, served(part as object, now)];
      return [name, (...given: unknown[]) => (now() as (...given: unknown[]) => unknown)(...given)];
    }),
  ) as Port;
}
