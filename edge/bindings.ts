/** What the platform hands the Worker beside its configuration; null where it is not bound. */
export type Bindings = {
  /** Where the popular lists stand. */
  popular: KVNamespace | null;
  /** Where events wait while the gateway is down. */
  events: Queue | null;
  /** Where that stands of them which the gateway refused to the last. */
  dead_letters: KVNamespace | null;
};

export function readBindings(env: unknown): Bindings {
  const { POPULAR = null, EVENTS = null, DEAD_LETTERS = null } = env as Record<string, never>;
  return { popular: POPULAR, events: EVENTS, dead_letters: DEAD_LETTERS };
}
