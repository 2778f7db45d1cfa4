import { createHash } from 'node:crypto';
import type { Embedder, EmbeddingVersion } from '../port.ts';
import type { Table } from './table.ts';
import { sumOf } from './train.ts';

/** What a table makes is told by all of it. */
function digestOf({ dimension, words, vectors, common }: Table, tenant_id?: string): string {
  const told = tenant_id === undefined ? [dimension, words] : [dimension, words, tenant_id];
  const hash = createHash('sha256').update(JSON.stringify(told));
  for (const { buffer, byteOffset, byteLength } of [vectors, common]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

/** A text's vector by a table: the sum of its words' vectors, less what all texts share, at length 1. */
function embedOne(text: string, slots: ReadonlyMap<string, number>, table: Table): Float32Array {
  const vector = sumOf(text, slots, table);
  const { common, dimension } = table;
  let shared = 0;
  for (let i = 0; i < dimension; i++) shared += (vector[i] as number) * (common[i] as number);
  let squares = 0;
  for (let i = 0; i < dimension; i++) {
    vector[i] = (vector[i] as number) - shared * (common[i] as number);
    squares += (vector[i] as number) ** 2;
  }
  const scale = squares > 1e-12 ? 1 / Math.sqrt(squares) : 0;
  for (let i = 0; i < dimension; i++) vector[i] = (vector[i] as number) * scale;
  return vector;
}

/** The version of a table of that dimension and digest. */
export function learntVersion(dimension: number, digest: string): EmbeddingVersion {
  return { id: `learnt-${dimension}-${digest.slice(0, 12)}`, dimension, metric: 'cosine', digest };
}

/**
 * The embedder of a table that was learnt, of a tenant's own where one is told. Its version names the table by its
 * digest, so that two trainings are one version exactly where they, and whose they are, are equal. A text of which no
 * word was learnt says nothing.
 */
export function learntEmbedder(table: Table, tenant_id?: string): Embedder {
  const slots = new Map(table.words.map((word, slot) => [word, slot]));
  return {
    version: learntVersion(table.dimension, digestOf(table, tenant_id)),
    ...(tenant_id === undefined ? {} : { tenant_id }),
    async embed(texts, signal) {
      signal.throwIfAborted();
      return texts.map((text) => embedOne(text, slots, table));
    },
  };
}
