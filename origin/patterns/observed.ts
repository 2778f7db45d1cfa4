/**
 * What patterns are learnt from, in numbers that a worker can be handed. Campaigns are slots from 0. Of person p,
 * `items` has from `starts[p]` to `starts[p + 1]` their campaigns: first `dated[p]` engagements, newest first, repeats
 * among them, then whatever else they ever engaged with.
 */
export type Observed = {
  campaigns: readonly string[];
  starts: Uint32Array;
  dated: Uint32Array;
  items: Uint32Array;
  /** When each of the engagements was (ms); 0 for what else there is. */
  times: Float64Array;
  /** Messages about a campaign: a vector each, whose it is, what it is about, and when it was said (ms). */
  dimension: number;
  vectors: Float32Array;
  speakers: Uint32Array;
  abouts: Uint32Array;
  said_ms: Float64Array;
};

/** The campaigns of a person, each once, the latest first. */
export function distinct({ starts, items }: Observed, person: number): number[] {
  return [...new Set(items.subarray(starts[person], starts[person + 1]))];
}
