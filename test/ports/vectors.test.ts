import { describe, expect, test } from 'vitest';
import { newTenant } from '../support/tenant.ts';
import { embeddedStores } from './stores.ts';
import { vectorsContract } from './vectors.contract.ts';

vectorsContract({ name: 'embedded', open: async () => (await embeddedStores()).vectors });

describe('the embedded vectors', () => {
  test('of more tenants than are held in memory are found, with what was put since', async () => {
    const [{ vectors }, { signal }] = [await embeddedStores(), new AbortController()];
    const version = { id: 'test', dimension: 2, metric: 'cosine', digest: 'test' } as const;
    const vector = Float32Array.of(1, 0);
    const tenants = Array.from({ length: 150 }, newTenant);
    const put = (tenant_id: string, message_id: string) => {
      const place = { topic: 'events', partition: 0, offset: 0 };
      const moment = '2026-11-01T10:00:00.000Z';
      const about = {
        campaign_id: null,
        locale: null,
        occurred_at: moment,
        lived_at: moment,
        accepted_at: moment,
      };
      return vectors.putMessages(
        version,
        [{ tenant_id, user_id: 'u', message_id, place, vector, ...about }],
        signal,
      );
    };
    const found = async (tenant_id: string) => {
      const range = { about_campaigns: false, from: '0000', before: '9999' };
      const [hits] = await vectors.nearestMessages(
        { tenant_id, version, vectors: [vector], k: 9, ...range },
        signal,
      );
      return hits?.map(({ message_id }) => message_id);
    };
    for (const message_id of ['first', 'second']) {
      for (const tenant of tenants) await put(tenant, message_id);
      for (const tenant of tenants) expect(await found(tenant)).toContain(message_id);
    }
    for (const tenant of tenants) expect(await found(tenant)).toEqual(['first', 'second']);
  });
});
