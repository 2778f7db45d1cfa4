import { ConsistencyLevelEnum } from '@zilliz/milvus2-sdk-node';
import type { KeptMessage } from '../port.ts';
import type { Store } from './store.ts';

/** The most rows that Milvus gives in an answer. */
const MOST = 16_384;

/** Which messages of a person there is a vector of, in all collections; no query of Milvus is sorted, so it is done here. */
export async function keptOf(
  { connection, collections, search_ms }: Store,
  { tenant_id, user_id }: { tenant_id: string; user_id: string },
  most: number,
  signal: AbortSignal,
): Promise<KeptMessage[]> {
  const filter = `tenant_id == ${JSON.stringify(tenant_id)} and user_id == ${JSON.stringify(user_id)}`;
  const kept: KeptMessage[] = [];
  for (const { name, kind } of await collections.list(signal, true)) {
    if (kind === 'campaigns') continue;
    const { id: version } = await collections.ready(name, null, signal);
    const { data } = await connection.call(signal, search_ms, (client, timeout) =>
      client.query({
        collection_name: name,
        filter,
        output_fields: ['message_id', 'occurred_at', 'campaign_id'],
        consistency_level: ConsistencyLevelEnum.Strong,
        limit: Math.min(MOST, most),
        timeout,
      }),
    );
    for (const row of data) {
      kept.push({
        version,
        message_id: String(row['message_id']),
        occurred_at: String(row['occurred_at']),
        campaign_id: String(row['campaign_id']) || null,
      });
    }
  }
  const rank = ({ version, message_id }: KeptMessage) => JSON.stringify([version, message_id]);
  return kept.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, most);
}
