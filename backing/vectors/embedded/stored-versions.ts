import type { DatabaseSync } from 'node:sqlite';
import { type EmbeddingVersion, sameVersion } from '../../embedder/port.ts';
import { transaction } from '../../sqlite.ts';
import { VersionMismatch } from '../port.ts';

/** The embedding versions that there is anything of. */
export function storedVersions(db: DatabaseSync) {
  const allIds = db.prepare('SELECT id FROM vector_versions ORDER BY id');
  const oneVersion = db.prepare('SELECT * FROM vector_versions WHERE id = ?');
  const putVersion = db.prepare(
    'INSERT INTO vector_versions (id, dimension, metric, digest) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const versions = new Map<string, EmbeddingVersion>();

  function stored(id: string): EmbeddingVersion | undefined {
    const known = versions.get(id);
    if (known) return known;
    const row = oneVersion.get(id) as EmbeddingVersion | undefined;
    if (row) versions.set(id, row);
    return row;
  }

  return {
    ids: () => allIds.all().map(({ id }) => id as string),
    /** Throws VersionMismatch where the version is stored as one of another model, or a vector is not as wide. */
    check(version: EmbeddingVersion, vectors: readonly Float32Array[]): void {
      const { id, dimension } = version;
      if (!sameVersion(stored(id) ?? version, version))
        throw new VersionMismatch(`Embedding version ${id} is stored as one of another model`);
      const wrong = vectors.find(({ length }) => length !== dimension);
      if (wrong)
        throw new VersionMismatch(
          `Embedding version ${id} has ${dimension} dimensions, the vector ${wrong.length}`,
        );
    },
    /** Writes what makes rows of a version, which is kept with the first of them. */
    write<Row>(version: EmbeddingVersion, run: () => Row[]): Row[] {
      return transaction(db, () => {
        putVersion.run(version.id, version.dimension, version.metric, version.digest);
        return run();
      });
    },
    /** From here on a version is what the next rows of it say. */
    forget: (id: string) => versions.delete(id),
  };
}
export type StoredVersions = ReturnType<typeof storedVersions>;
