import { describe, expect, test, vi } from 'vitest';
import { ALL_EMBEDDED } from '#backing/open/all-embedded.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { gatewayClient } from '../../../infra/local/files/gateway-client.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { startTier, stopTier, tierEnds } from '../../support/tier.ts';

const SECRET = { id: 'k', secret: Buffer.alloc(32, 5).toString('base64url') };
const KEYS = JSON.stringify([SECRET]);
const PEPPERS = JSON.stringify([{ id: 'p', secret: Buffer.alloc(32, 6).toString('base64url') }]);
const SECRETS = { ORIGIN_KEYS: KEYS, GATEWAY_KEYS: KEYS, KEY_PEPPERS: PEPPERS, OPERATIONS_PORT: '0' };
const TOGETHER = ['infra/local/main.ts', 'views', 'gateway', 'origin'];
const TENANT = 'acme';
const { signal } = new AbortController();
const [key] = (await importKeys([SECRET])) as [Key];

const lines = (...records: object[]) => Buffer.from(records.map((one) => JSON.stringify(one)).join('\n'));

async function popularAt(origin_url: string): Promise<string[]> {
  const url = new URL('/v1/campaigns/popular', origin_url);
  const caller = { tenant_id: TENANT, subject: null, scopes: ['recommendations:read' as const] };
  const asked = { method: 'GET', url, caller, deadline_ms: 5_000, body: null };
  const response = await fetch(url, { headers: await sign(asked, key, Date.now()) });
  expect(response.status).toBe(200);
  const { items } = (await response.json()) as Recommendations;
  return items.map(({ campaign_id }) => campaign_id);
}

describe('the roles of one process', () => {
  test('on embedded parts alone events become answers, a second process is kept out, and all is there again after SIGKILL', async () => {
    const env = { ...SECRETS, ...ALL_EMBEDDED, PORT: '0', DATA: await temporaryFolder() };
    const first = await startTier(TOGETHER, env, 3);
    const url = first.urlOf('gateway');
    const send = gatewayClient({ url, key, tenant_id: TENANT, clock: Date.now, signal });
    const campaign = { title: 'Wireless', text: 'Get it to work', locales: [], status: 'active' };
    const campaigns = ['wifi', 'sound'].map((campaign_id) => ({ ...campaign, campaign_id, tags: [] }));
    expect(await send('campaigns', lines(...campaigns))).toEqual({ accepted: 2, rejected: [] });
    const occurred_at = new Date().toISOString();
    const click = { type: 'click', message_id: 'm', user_id: 'ada', campaign_id: 'sound', occurred_at };
    expect(await send('events', lines(click))).toEqual({ accepted: 1, rejected: [] });
    await vi.waitFor(async () => expect(await popularAt(first.urlOf('origin'))).toEqual(['sound', 'wifi']), {
      timeout: 20_000,
      interval: 100,
    });

    const second = await tierEnds(TOGETHER, env);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/cannot start\. .* is in use by another process/);

    first.child.kill('SIGKILL');
    await first.told;
    const again = await startTier(TOGETHER, env, 3);
    expect(await popularAt(again.urlOf('origin'))).toEqual(['sound', 'wifi']);
    expect(await stopTier(again.child)).toBe(0);
  });

  test('who forgets an address, and all else, gets a sentence on each, and never an embedded store', async () => {
    const { code, stdout, stderr } = await tierEnds(TOGETHER, {
      DATA: await temporaryFolder(),
      EMBEDDER: 'magic',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('The views, gateway, and origin cannot start. ');
    for (const name of [
      'KAFKA_BROKERS',
      'POSTGRES_URL',
      'MILVUS_ADDRESS',
      'REDIS_URL',
      'ORIGIN_KEYS',
      'EMBEDDER',
    ])
      expect(stderr).toContain(`${name} should be `);
    expect(stderr).not.toContain('DATA should be');
  });

  test('a role that is not of the tier is refused, with those that are', async () => {
    for (const args of [[], ['views', 'origin']]) {
      const { code, stderr } = await tierEnds(['ingest/main.ts', ...args], {});
      expect(code).toBe(1);
      expect(stderr).toContain('Name what to run, one or more: views, gateway');
    }
  });
});
