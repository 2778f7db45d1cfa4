import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { Embedder } from '#backing/embedder/port.ts';

const DIMENSION = 64;

/** Feature hashing, folded: an embedder of another version and dimension than the one that is usual. */
export const otherEmbedder: Embedder = {
  version: { id: 'folded-64-v1', dimension: DIMENSION, metric: 'cosine', digest: 'folded' },
  async embed(texts, signal) {
    const vectors = await hashingEmbedder.embed(texts, signal);
    return vectors.map((vector) => {
      const folded = new Float32Array(DIMENSION);
      vector.forEach((x, i) => {
        folded[i % DIMENSION] = (folded[i % DIMENSION] as number) + x;
      });
      const length = Math.hypot(...folded);
      return length > 0 ? folded.map((x) => x / length) : folded;
    });
  },
};
