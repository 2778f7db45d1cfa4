/** Which disturbances to make, for tests. Every group gets as many `actions` of its own. */
export type Chaos = { seed: number; actions: number };

/** What is done to one batch. Fractions are from 0 to below 1, of whatever there is to choose from. */
export type Disturbance = {
  /** Which partition it is taken from, and how much of the most it may hold. */
  partition: number;
  size: number;
  /**
   * `rewind`: the commit is lost, and with it those before, back to `offset`. `reassign`: the partition goes
   * to another `member` after so many turns, while the batch is in hand, or else before it is committed.
   */
  then: 'commit' | 'rewind' | 'reassign';
  offset: number;
  member: number;
  turns: { micro: number; macro: number };
};

/** The disturbances of a group, one a batch, until its actions are spent: then null. Equal seeds give equal ones. */
export function disturbances({ seed, actions }: Chaos, group: string): () => Disturbance | null {
  const random = mulberry32(seed ^ hash(group));
  const below = (n: number) => Math.floor(random() * n);
  let left = actions;
  return () => {
    if (left-- <= 0) return null;
    const partition = random();
    // Small batches are where orders and repetitions differ most.
    const size = random() ** 2;
    const then = (['commit', 'rewind', 'reassign'] as const)[below(3)] ?? 'commit';
    const [offset, member] = [random(), random()];
    const turns = random() < 0.5 ? { micro: below(8), macro: 0 } : { micro: 0, macro: 1 + below(3) };
    return { partition, size, then, offset, member, turns };
  };
}

/** Waits for so many turns of the microtask queue and of the event loop. */
export async function wait({ micro, macro }: Disturbance['turns']): Promise<void> {
  for (let turn = 0; turn < micro; turn++) await null;
  for (let turn = 0; turn < macro; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  return h;
}

/** Tommy Ettinger's mulberry32: from 0 to below 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
