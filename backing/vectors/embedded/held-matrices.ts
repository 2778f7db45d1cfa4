import { LRUCache } from 'lru-cache';
import { composite } from '#contract/ids.ts';
import type { EmbeddingVersion } from '../../embedder/port.ts';
import type { Fine } from '../quantise.ts';
import { ArenaFull } from './arena.ts';
import { Matrix, type MatrixOptions } from './matrix.ts';

/** How many tenants' vectors stay in memory, of each kind, and while there is room. */
const TENANTS_IN_MEMORY = 64;

export type HeldMatricesOptions<Key, Meta, Hit> = Omit<MatrixOptions<Meta, Hit>, 'width'> & {
  /** All that there is of a tenant. */
  rows: (version: EmbeddingVersion, tenant_id: string) => Iterable<[Key, Fine, Meta]>;
};

/** The vectors of the tenants last searched. */
export function heldMatrices<Key extends string | number, Meta, Hit>({
  rows,
  ...options
}: HeldMatricesOptions<Key, Meta, Hit>) {
  const held = new LRUCache<string, Matrix<Key, Meta, Hit>>({
    max: TENANTS_IN_MEMORY,
    dispose: (matrix) => matrix.release(),
  });

  function loaded(version: EmbeddingVersion, tenant_id: string): Matrix<Key, Meta, Hit> {
    const matrix = new Matrix<Key, Meta, Hit>({ width: version.dimension, ...options });
    try {
      for (const row of rows(version, tenant_id)) matrix.set(...row);
      return matrix;
    } catch (error) {
      matrix.release();
      throw error;
    }
  }

  return {
    /** Throws ArenaFull where a tenant's vectors find no room though all others were let go of. */
    of(version: EmbeddingVersion, tenant_id: string): Matrix<Key, Meta, Hit> {
      const key = composite(version.id, tenant_id);
      const known = held.get(key);
      if (known) return known;
      for (;;) {
        try {
          const matrix = loaded(version, tenant_id);
          held.set(key, matrix);
          return matrix;
        } catch (error) {
          if (!(error instanceof ArenaFull) || held.size === 0) throw error;
          held.pop();
        }
      }
    },
    /** Changes what is held of a tenant, if it is; what no longer finds room is let go of, and loaded when asked for. */
    change(version_id: string, tenant_id: string, change: (matrix: Matrix<Key, Meta, Hit>) => void): void {
      const key = composite(version_id, tenant_id);
      const matrix = held.peek(key);
      if (!matrix) return;
      try {
        change(matrix);
      } catch (error) {
        if (!(error instanceof ArenaFull)) throw error;
        held.delete(key);
      }
    },
    clear: () => held.clear(),
  };
}
