/** How long a batch waits until it is handed over again. */
export type Backoff = {
  base_ms: number;
  max_ms: number;
  /** From 0 to 1, for the jitter. */
  random(): number;
  /** Runs something in so many ms, unless it is called off by what is given back. */
  after(ms: number, run: () => void): () => void;
};

export const BACKOFF: Backoff = {
  base_ms: 100,
  max_ms: 10_000,
  random: Math.random,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * The wait after an attempt (1 is the first) in ms: doubled each time up to the maximum, and the later half of
 * it at random, so that those who failed together do not come again together.
 */
export function delayAfter(attempt: number, { base_ms, max_ms, random }: Backoff): number {
  const full = Math.min(max_ms, base_ms * 2 ** (attempt - 1));
  return Math.round((full * (1 + random())) / 2);
}
