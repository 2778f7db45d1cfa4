import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ListedKey, MadeKey } from '#contract/admin.ts';
import type { Scope } from '#contract/caller.ts';
import { type Client, EdgewiseError, edgewise } from '#contract/client.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { type Instance, startInstance } from '../../infra/local/stack/instance.ts';
import { originClient } from '../../infra/local/stack/origin-client.ts';

const TENANT = 'shop';
const SOON = { timeout: 10_000, interval: 100 };

/** A small app: a server that keeps the catalogue with an API key, and a person who asks with a token. */
describe('an app that uses the client, through the real Worker', () => {
  let data: string;
  let instance: Instance;
  let server: Client;
  let made: MadeKey;

  const admin = async () => {
    const [key] = (await importKeys([instance.keys.origin])) as [Key];
    return originClient({ url: instance.stack.origin_url, key, tenant_id: TENANT, clock: Date.now });
  };

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'edgewise-'));
    const ports = { edge: 0, origin: 0, gateway: 0 };
    instance = await startInstance({ data, tenant_id: TENANT, ports, clock: Date.now });
    const body = { name: 'the shop', scopes: ['campaigns:write', 'campaigns:read', 'recommendations:read'] };
    const create = { method: 'POST', path: '/v1/admin/keys', body, schema: MadeKey } as const;
    made = await (await admin())(create);
    server = edgewise({ url: instance.edge_url, token: made.api_key });
  });
  afterAll(async () => {
    await instance?.close();
    await rm(data, { recursive: true, force: true });
  });

  const app = (user_id: string) =>
    edgewise({
      url: instance.edge_url,
      token: () => {
        const scopes: Scope[] = ['recommendations:read', 'events:write', 'users:delete'];
        return signToken({
          keys: instance.keys,
          tenant_id: TENANT,
          user_id,
          scopes,
          lifetime_s: 600,
          now_ms: Date.now(),
        });
      },
    });

  test('puts campaigns, tells events, and has recommendations of them; a deleted one is gone', async () => {
    const written = await server.putCampaigns([
      { campaign_id: 'wifi', title: 'Wireless', text: 'Mend your wifi', tags: ['network'] },
      { campaign_id: 'print', title: 'Printing', text: 'Printers and paper' },
    ]);
    expect(written).toMatchObject({ accepted: 2, rejected: [], bookmark: expect.any(String) });
    await vi.waitFor(async () => expect((await server.campaign('wifi')).title).toBe('Wireless'), SOON);

    const ada = app('ada');
    const occurred_at = new Date().toISOString();
    const told = await ada.sendEvents([
      { type: 'message', message_id: 'm-1', user_id: 'ada', text: 'my wifi drops', occurred_at },
      { type: 'message', message_id: 'm-2', user_id: 'bob', text: 'not mine', occurred_at },
    ]);
    expect(told).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'not_yours' }] });
    await vi.waitFor(async () => {
      const { items } = await ada.recommendations('ada', { limit: 5, placement: 'discover' });
      expect(items.map(({ campaign_id }) => campaign_id)).toContain('wifi');
    }, SOON);
    const now = await server.recommendationsNow('ada', { context: { text: 'paper jam' }, exclude: ['wifi'] });
    expect(now.items.map(({ campaign_id }) => campaign_id)).not.toContain('wifi');

    expect(await server.deleteCampaign('print')).toMatchObject({ accepted: 1 });
    await vi.waitFor(
      () => expect(server.campaign('print')).rejects.toMatchObject({ code: 'not-found', status: 404 }),
      SOON,
    );
  });

  test('a person is told what is kept of them, is forgotten, and sees how far that is; nobody else does', async () => {
    const [cleo, dan] = ['cleo', 'dan'].map((user_id) => app(user_id)) as [Client, Client];
    const occurred_at = new Date().toISOString();
    await cleo.sendEvents([
      { message_id: 'c-1', type: 'message', user_id: 'cleo', text: 'my wifi drops', occurred_at },
    ]);
    await vi.waitFor(async () => {
      const { profile, edges, vectors } = await cleo.exportPerson('cleo');
      expect(profile.messages).toEqual([{ message_id: 'c-1', occurred_at }]);
      expect(edges).toEqual([{ kind: 'wrote', day: occurred_at.slice(0, 10), of: 'c-1' }]);
      expect(vectors).toMatchObject([{ message_id: 'c-1', occurred_at }]);
    }, SOON);

    for (const asking of [dan.exportPerson('cleo'), dan.forgetPerson('cleo')])
      await expect(asking).rejects.toMatchObject({ code: 'not-found', status: 404 });
    const { deletion_id, forgotten_at } = await cleo.forgetPerson('cleo');
    await vi.waitFor(async () => {
      const told = await cleo.deletion(deletion_id);
      expect(told).toMatchObject({ deletion_id, forgotten_at, status: 'pending' });
      const { profile, edges, vectors } = await cleo.exportPerson('cleo');
      expect([...profile.messages, ...edges, ...vectors]).toEqual([]);
    }, SOON);
    await expect(dan.deletion(deletion_id)).rejects.toMatchObject({ code: 'not-found', status: 404 });
    await expect(cleo.deletion('none')).rejects.toMatchObject({ status: 404 });
  });

  test('reads what it wrote, by its bookmark, at once or is told that it cannot yet', async () => {
    const { bookmark: put } = await server.putCampaigns(
      Array.from({ length: 8 }, (_, at) => ({
        campaign_id: `c-${at}`,
        title: `Part ${at}`,
        text: 'Of many',
      })),
    );
    const eve = app('eve');
    let seen = 0;
    for (let at = 0; at < 8; at++) {
      const found = await server
        .campaign(`c-${at}`, { bookmark: put })
        .catch((error: EdgewiseError) => error);
      if (found instanceof EdgewiseError) expect(found.status).toBe(412);
      else expect(found.title).toBe(`Part ${at}`);
      await eve.recommendations('eve', { limit: 100 });
      const occurred_at = new Date().toISOString();
      const click = { type: 'click' as const, user_id: 'eve', campaign_id: `c-${at}`, occurred_at };
      const { bookmark } = await eve.sendEvents([{ ...click, message_id: `click-${at}` }]);
      const { items, degraded } = await eve.recommendations('eve', { limit: 100 }, { bookmark });
      if (degraded.includes('pending_write')) continue;
      seen++;
      expect(items.map(({ campaign_id }) => campaign_id)).not.toContain(`c-${at}`);
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('is told what to mend, as an error with the problem in it', async () => {
    const failure = await server.recommendations('ada', { limit: 1000 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EdgewiseError);
    expect(failure).toMatchObject({
      code: 'invalid-request',
      status: 422,
      retryable: false,
      problem: { errors: [{ pointer: '/limit' }] },
    });
    await expect(app('ada').putCampaigns([])).rejects.toMatchObject({ code: 'forbidden', status: 403 });
  });

  test('is refused once its key was revoked, while other keys of the tenant hold', async () => {
    const body = { name: 'to go', scopes: ['recommendations:read'] };
    const other = await (await admin())({ method: 'POST', path: '/v1/admin/keys', body, schema: MadeKey });
    const fetchAt = (token: string) =>
      fetch(new URL('/v1/campaigns/popular', instance.edge_url), {
        headers: { Authorization: `Bearer ${token}` },
      });
    await (await admin())({ method: 'DELETE', path: `/v1/admin/keys/${other.key_id}`, schema: ListedKey });
    expect((await fetchAt(other.api_key)).status).toBe(401);
    expect((await fetchAt(made.api_key)).status).toBe(200);
  });

  test('finds the document and its page, which has no script', async () => {
    const document = await (await fetch(new URL('/v1/openapi.json', instance.edge_url))).json();
    expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/v1/events': { post: {} } } });
    const page = await fetch(new URL('/docs', instance.edge_url));
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).toContain('POST /v1/events');
    expect(html).not.toMatch(/<script|<link|<img|undefined|\[object/);
  });
});
