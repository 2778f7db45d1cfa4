import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import type { DroppedMonth, OldMonths } from '../port.ts';
import { versionPart } from './names.ts';
import type { Store } from './store.ts';

/**
 * Drops the collections of old months, and histories that end before the month. A collection in which anything was
 * accepted lately stays: Milvus drops nothing by halves.
 */
export async function dropOldCollections(
  { connection, collections, write_ms }: Store,
  { month, accepted_before, dry_run }: OldMonths,
  signal: AbortSignal,
): Promise<DroppedMonth[]> {
  const dropped: DroppedMonth[] = [];
  for (const { name, ...one } of await collections.list(signal, true)) {
    if (one.kind === 'campaigns') continue;
    if (one.kind === 'history' ? one.month > month : one.month >= month) continue;
    const { id: version } = await collections.ready(name, null, signal);
    const asked = { collection_name: name, consistency_level: ConsistencyLevelEnum.Strong };
    const lately = await connection.call(signal, write_ms, (client, timeout) =>
      client.query({
        ...asked,
        filter: `accepted_ms >= ${Date.parse(accepted_before)}`,
        output_fields: ['pk'],
        limit: 1,
        timeout,
      }),
    );
    if (lately.data.length > 0) continue;
    const counted = await connection.call(signal, write_ms, (client, timeout) =>
      client.query({ ...asked, filter: '', output_fields: ['count(*)'], timeout }),
    );
    if (!dry_run) await collections.drop(name, signal);
    const messages = Number(counted.data[0]?.['count(*)'] ?? 0);
    dropped.push({ version, month: one.kind === 'history' ? `before ${one.month}` : one.month, messages });
  }
  return dropped.sort((a, b) => (`${a.version} ${a.month}` < `${b.version} ${b.month}` ? -1 : 1));
}

/** Drops all collections of a version. */
export async function dropVersionCollections(
  { collections }: Store,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const part = versionPart(id);
  for (const { name, version } of await collections.list(signal, true))
    if (version === part) await collections.drop(name, signal);
}
