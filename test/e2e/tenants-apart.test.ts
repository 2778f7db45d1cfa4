import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MadeKey } from '#contract/admin.ts';
import { SCOPES } from '#contract/caller.ts';
import { type Client, edgewise } from '#contract/client.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { type Instance, startInstance } from '../../infra/local/stack/instance.ts';
import { originClient } from '../../infra/local/stack/origin-client.ts';

const [OURS, THEIRS] = ['ours', 'theirs'];
const SOON = { timeout: 10_000, interval: 100 };

let data: string;
let instance: Instance;
let server: Client;
let ours: MadeKey;
let theirs: MadeKey;

async function keyOf(tenant_id: string): Promise<MadeKey> {
  const [key] = (await importKeys([instance.keys.origin])) as [Key];
  const admin = originClient({ url: instance.stack.origin_url, key, tenant_id, clock: Date.now });
  const body = { name: tenant_id, scopes: SCOPES };
  return admin({ method: 'POST', path: '/v1/admin/keys', body, schema: MadeKey });
}

/** What another tenant's server, which may do everything there, is answered. */
async function asThem(method: string, path: string) {
  const headers = { Authorization: `Bearer ${theirs.api_key}`, 'Content-Type': 'application/json' };
  const body = method === 'POST' ? '{}' : null;
  const response = await fetch(new URL(path, instance.edge_url), { method, headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'edgewise-'));
  const ports = { edge: 0, origin: 0, gateway: 0 };
  instance = await startInstance({ data, tenant_id: OURS, ports, clock: Date.now });
  [ours, theirs] = [await keyOf(OURS), await keyOf(THEIRS)];
  server = edgewise({ url: instance.edge_url, token: ours.api_key });
  await server.putCampaigns([{ campaign_id: 'wifi', title: 'Wireless', text: 'Mend your wifi' }]);
  await vi.waitFor(async () => expect((await server.campaign('wifi')).title).toBe('Wireless'), SOON);
});
afterAll(async () => {
  await instance?.close();
  await rm(data, { recursive: true, force: true });
});

test.each([
  ['GET', '/v1/campaigns/wifi', '/v1/campaigns/nothing'],
  ['GET', '/v1/campaigns/wifi/similar', '/v1/campaigns/nothing/similar'],
])(
  '%s %s of another tenant is not found, in the words of what is not there',
  async (method, path, nothing) => {
    const [found, missed] = [await asThem(method, path), await asThem(method, nothing)];
    expect(found.status).toBe(404);
    expect({ ...found.body, instance: '' }).toEqual({ ...missed.body, instance: '' });
  },
);

test.each([
  ['DELETE', (id: string) => `/v1/admin/keys/${id}`],
  ['POST', (id: string) => `/v1/admin/keys/${id}/rotate`],
])("%s of another tenant's key is not found, and changes nothing", async (method, pathOf) => {
  const { status, body } = await asThem(method, pathOf(ours.key_id));
  const missed = await asThem(method, pathOf('0123456789abcdef'));
  expect(status).toBe(404);
  expect({ ...body, instance: '' }).toEqual({ ...missed.body, instance: '' });
  expect((await server.campaign('wifi')).campaign_id).toBe('wifi');
  const { keys } = (await asThem('GET', '/v1/admin/keys')).body as { keys: { key_id: string }[] };
  expect(keys.map(({ key_id }) => key_id)).toEqual([theirs.key_id]);
});

test("a person of the same name is another tenant's own, and is shown nothing of ours", async () => {
  expect((await server.recommendations('ada')).items.length).toBe(1);
  const { status, body } = await asThem('GET', '/v1/users/ada/recommendations');
  expect([status, (body as Recommendations).items]).toEqual([200, []]);
  expect((await asThem('GET', '/v1/campaigns/popular')).body['items']).toEqual([]);
});

test('what another tenant deletes or writes under the same id is its own', async () => {
  const { status } = await asThem('DELETE', '/v1/campaigns/wifi');
  expect(status).toBe(202);
  const them = edgewise({ url: instance.edge_url, token: theirs.api_key });
  await them.putCampaigns([{ campaign_id: 'wifi', title: 'Theirs', text: 'Not yours' }]);
  await vi.waitFor(async () => expect((await them.campaign('wifi')).title).toBe('Theirs'), SOON);
  expect((await server.campaign('wifi')).title).toBe('Wireless');
});
