import type { LearntTables } from './learnt/tables.ts';
import { type Embedder, type EmbeddingVersion, sameVersion } from './port.ts';

/** The embedders that are configured side by side: while one is rolled out, that of before and that of after. */
export type Embedders = {
  readonly all: readonly Embedder[];
  /** The version of tenants that were never switched to another. */
  readonly usual: EmbeddingVersion;
  /** The one whose vectors are of a version; null where none is configured. */
  of(version: EmbeddingVersion): Embedder | null;
};

/** A set of embedders, the usual one first. Throws where two have the same id. */
export function embeddersOf(usual: Embedder, ...beside: readonly Embedder[]): Embedders {
  const all = [usual, ...beside];
  const byId = new Map(all.map((embedder) => [embedder.version.id, embedder]));
  if (byId.size < all.length) throw new Error('Two embedders have the same embedding version');
  return {
    all,
    usual: usual.version,
    of(version) {
      const embedder = byId.get(version.id);
      return embedder && sameVersion(embedder.version, version) ? embedder : null;
    },
  };
}

/** The configured embedders, and those that tenants had learnt as far as they are known at each moment. */
export function withLearnt(embedders: Embedders, tables: Pick<LearntTables, 'all' | 'of'>): Embedders {
  return {
    get all() {
      return [...embedders.all, ...tables.all()];
    },
    usual: embedders.usual,
    of: (version) => embedders.of(version) ?? tables.of(version),
  };
}

/** True where an embedder is anybody's, or this tenant's own. */
export function isFor({ tenant_id: own }: Embedder, tenant_id: string): boolean {
  return own === undefined || own === tenant_id;
}
