import type { EmbeddingVersion } from '../../embedder/port.ts';
import { VersionMismatch } from '../port.ts';

/** Throws VersionMismatch where a vector is not as wide as its version says. */
export function checkWidth({ id, dimension }: EmbeddingVersion, vectors: readonly Float32Array[]): void {
  const wrong = vectors.find(({ length }) => length !== dimension);
  if (wrong)
    throw new VersionMismatch(
      `Embedding version ${id} has ${dimension} dimensions, the vector ${wrong.length}`,
    );
}
