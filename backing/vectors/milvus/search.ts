import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import type { Row } from './rows.ts';
import { searchParams } from './schema.ts';
import type { Store } from './store.ts';

/** What may be as near as the last hit, and come before it by its id. */
const TIES = 16;
/** The most hits that Milvus gives. */
const MOST = 16_384;

type Asked = {
  name: string;
  vectors: readonly Float32Array[];
  k: number;
  filter: string;
  fields: string[];
};

/** For each vector the nearest rows of a collection, with `score`; a few more than k. */
export async function searchRows(
  { connection, index, search_consistency, search_ms }: Store,
  { name, vectors, k, filter, fields }: Asked,
  signal: AbortSignal,
): Promise<Row[][]> {
  const limit = Math.min(MOST, k + TIES);
  const { results } = await connection.call(signal, search_ms, (client, timeout) =>
    client.search({
      collection_name: name,
      anns_field: 'vector',
      // Their types ask for arrays; what they are made into takes these as they are, and faster.
      data: vectors as readonly unknown[] as number[][],
      limit,
      filter,
      metric_type: 'COSINE',
      params: searchParams(index, limit),
      output_fields: fields,
      consistency_level:
        search_consistency === 'strong' ? ConsistencyLevelEnum.Strong : ConsistencyLevelEnum.Bounded,
      timeout,
    }),
  );
  // For one vector the SDK leaves out the outer array.
  const lists = (vectors.length === 1 ? [results] : results) as unknown as Row[][];
  return vectors.map((_, at) => lists[at] ?? []);
}

/**
 * The k best, ties by id. Sums of float32 differ in their last digits from segment to segment, so that what is
 * equally near is so within a millionth.
 */
export function best<Hit extends { similarity: number }>(
  hits: readonly Hit[],
  k: number,
  idOf: (hit: Hit) => string,
): Hit[] {
  return hits
    .map((hit) => ({ hit, id: idOf(hit) }))
    .sort((a, b) => b.hit.similarity - a.hit.similarity || (a.id < b.id ? -1 : 1))
    .slice(0, k)
    .map(({ hit }) => hit);
}

/** A score as a similarity: to six digits, and 0 where the vector is of no length. */
export function similarityOf({ score }: Row): number {
  const rounded = Math.round(Number(score) * 1e6) / 1e6;
  return Number.isNaN(rounded) ? 0 : rounded + 0;
}
