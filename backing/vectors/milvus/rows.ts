import { ConsistencyLevelEnum, type RowData } from '@zilliz/milvus2-sdk-node';
import type { Connection } from './connection.ts';

/** As many keys as stand in one filter. */
const KEYS = 500;

export type Row = RowData;

/** Rows by their keys, as they were last written; those that are not there are left out. */
export async function fetchRows(
  connection: Connection,
  asked: { name: string; keys: readonly string[]; fields: string[]; limit_ms: number },
  signal: AbortSignal,
): Promise<Row[]> {
  const { name, keys, fields, limit_ms } = asked;
  const rows: Row[] = [];
  for (let at = 0; at < keys.length; at += KEYS) {
    const some = keys.slice(at, at + KEYS);
    const { data } = await connection.call(signal, limit_ms, (client, timeout) =>
      client.query({
        collection_name: name,
        filter: `pk in ${JSON.stringify(some)}`,
        output_fields: ['pk', ...fields],
        consistency_level: ConsistencyLevelEnum.Strong,
        limit: some.length,
        timeout,
      }),
    );
    rows.push(...data);
  }
  return rows;
}

/** Writes rows over those of the same keys. */
export async function upsertRows(
  connection: Connection,
  { name, rows, limit_ms }: { name: string; rows: readonly Row[]; limit_ms: number },
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < rows.length; at += KEYS) {
    await connection.call(signal, limit_ms, (client, timeout) =>
      client.upsert({ collection_name: name, data: rows.slice(at, at + KEYS), timeout }),
    );
  }
}
