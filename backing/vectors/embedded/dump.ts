import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import { embeddedForgotten } from '../../forgotten.ts';

const ALL_CAMPAIGNS = 'SELECT * FROM campaign_vectors ORDER BY version, tenant_id, campaign_id';
const ALL_MESSAGES = 'SELECT * FROM message_vectors ORDER BY version, tenant_id, user_id, message_id';

const text = (blob: unknown) => (blob ? Buffer.from(blob as Uint8Array).toString('base64') : null);

/** All that a file of vectors holds, in the order and form of the port's dump. */
export async function* dumpOf(db: DatabaseSync): AsyncGenerator<string> {
  for (const r of db.prepare(ALL_CAMPAIGNS).iterate()) {
    const key = composite('campaign', r.version as string, r.tenant_id as string, r.campaign_id as string);
    yield `${key} ${composite(r.campaign as string | null, text(r.vector))}`;
  }
  yield* embeddedForgotten(db).dump();
  for (const r of db.prepare(ALL_MESSAGES).iterate()) {
    const key = composite(
      'message',
      r.version as string,
      r.tenant_id as string,
      r.user_id as string,
      r.message_id as string,
    );
    yield `${key} ${composite(r.occurred_at as string, r.campaign_id as string | null, r.locale as string | null, text(r.vector))}`;
  }
}
