import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import type { Scan } from '../port.ts';
import type { Row } from './rows.ts';
import type { Store } from './store.ts';

/** About as many rows are asked for at once: to read one of 256 dimensions costs some 60 µs, in which nobody is answered. */
const PAGE = 250;
/** The most rows that Milvus gives in an answer; of so many hashes, a page never comes near it. */
const MOST = 16_384;
/** What may be as near as the last hit, and come before it by its id. */
const TIES = 16;
/** Keys are hashes in hexadecimal, so that what they begin with cuts a collection into parts of any size. */
const DIGITS = 8;
const WHOLE = 16 ** DIGITS;

type Asked = {
  names: readonly string[];
  vectors: readonly Float32Array[];
  k: number;
  filter: string;
  fields: string[];
};

type Scored = Row & { score: number };

/** A place among the keys; past the last one is a sign that comes after every digit. */
function keyAt(place: number): string {
  const key = Math.min(WHOLE, Math.round(place));
  return key === WHOLE ? 'g' : key.toString(16).padStart(DIGITS, '0');
}

function cosineOf(a: Float32Array, b: readonly number[]): number {
  let [dot, as, bs] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    as += x * x;
    bs += y * y;
  }
  return dot / Math.sqrt(as * bs);
}

/**
 * For each vector the nearest of the rows that a filter names, with `score`; a few more than k. Milvus has no search that
 * leaves its index out (milvus-io/milvus#24843): a larger `ef` is not exact either, and what makes it look at every row by
 * itself, such as a filter that leaves 7 %, is no promise. So the vectors are fetched, page by page, and compared here: four
 * bytes a dimension of each row, and of the server a look at the keys for each page. The index is not asked for anything.
 */
export async function scanRows(
  { connection, search_consistency, search_ms }: Store,
  { names, vectors, k, filter, fields }: Asked,
  { most, start }: Scan,
  signal: AbortSignal,
): Promise<Row[][]> {
  const consistency_level =
    search_consistency === 'strong' ? ConsistencyLevelEnum.Strong : ConsistencyLevelEnum.Bounded;
  const query = async (
    collection_name: string,
    expression: string,
    output_fields: string[],
    limit?: number,
  ) => {
    const { data } = await connection.call(signal, search_ms, (client, timeout) =>
      client.query({
        ...{ collection_name, filter: expression, output_fields, consistency_level, timeout },
        ...(limit ? { limit } : {}),
      }),
    );
    return data;
  };

  const counts = new Map<string, number>();
  for (const name of names) {
    const [counted] = await query(name, filter, ['count(*)']);
    counts.set(name, Number(counted?.['count(*)'] ?? 0));
  }
  const share = Math.min(1, most / counts.values().reduce((sum, count) => sum + count, 0));
  const from = start * (1 - share) * WHOLE;

  const lists = vectors.map((): Scored[] => []);
  for (const [name, count] of counts) {
    const pages = Math.ceil((count * share) / PAGE);
    for (let page = 0; page < pages; page++) {
      const [first, end] = [page, page + 1].map((at) => keyAt(from + (at / pages) * share * WHOLE));
      const rows = await query(
        name,
        `${filter} and pk >= "${first}" and pk < "${end}"`,
        [...fields, 'vector'],
        MOST,
      );
      lists.forEach((list, at) => {
        for (const row of rows) {
          const score = cosineOf(vectors[at] as Float32Array, row['vector'] as number[]);
          list.push({ ...row, score: Number.isNaN(score) ? 0 : score });
        }
        list.sort((a, b) => b.score - a.score).splice(k + TIES);
      });
    }
  }
  return lists;
}
