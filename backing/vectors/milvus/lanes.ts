/** Does work one after the other where it shares a lane, and side by side where it does not. */
export function lanes(): <Value>(wanted: Iterable<number>, work: () => Promise<Value>) => Promise<Value> {
  const last = new Map<number, Promise<unknown>>();
  return (wanted, work) => {
    const own = [...new Set(wanted)];
    const before = Promise.all(own.map((lane) => last.get(lane)));
    const outcome = before.then(work);
    const settled = outcome.catch(() => {});
    for (const lane of own) last.set(lane, settled);
    void settled.then(() => {
      for (const lane of own) if (last.get(lane) === settled) last.delete(lane);
    });
    return outcome;
  };
}
