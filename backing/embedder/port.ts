/** What made a vector: two vectors can be compared only where all of this is the same. */
export type EmbeddingVersion = { id: string; dimension: number; metric: 'cosine'; digest: string };

/** True where vectors of both can be compared. */
export function sameVersion(a: EmbeddingVersion, b: EmbeddingVersion): boolean {
  return a.id === b.id && a.dimension === b.dimension && a.metric === b.metric && a.digest === b.digest;
}

/** Makes vectors of texts. */
export interface Embedder {
  readonly version: EmbeddingVersion;
  /** The tenant whose texts alone it was made for; left out where it is anybody's. */
  readonly tenant_id?: string;
  /** One vector a text, each of length 1, or all zero for a text that says nothing. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
}
