import { createHash } from 'node:crypto';
import type { Embedder, EmbeddingVersion } from '../port.ts';
import type { Table } from './table.ts';
import { sumOf } from './train.ts';

/** What a table makes is told by all of it. */
function digestOf({ dimension, words, vectors, common }: Table): string {
  const hash = createHash('sha256').update(JSON.stringify([dimension, words]));
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

/**
 * The embedder of a table that was learnt. Its version names the table by its digest, so that two trainings are one
 * version exactly where they are equal. A text of which no word was learnt says nothing.
 */
export function learntEmbedder(table: Table): Embedder {
  const slots = new Map(table.words.map((word, slot) => [word, slot]));
  const digest = digestOf(table);
  const version: EmbeddingVersion = {
    id: `learnt-${table.dimension}-${digest.slice(0, 12)}`,
    dimension: table.dimension,
    metric: 'cosine',
    digest,
  };
  return {
    version,
    async embed(texts, signal) {
      signal.throwIfAborted();
      return texts.map((text) => embedOne(text, slots, table));
    },
  };
}
