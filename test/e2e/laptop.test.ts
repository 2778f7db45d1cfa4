import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Scope } from '#contract/caller.ts';
import type { CampaignList, Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { gatewayClient, type Send } from '../../infra/local/files/gateway-client.ts';
import { linesOf, sendLines } from '../../infra/local/files/send-lines.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { fillSimulated } from '../../infra/local/simulated/fill.ts';
import { encoded } from '../../infra/local/stack/ask.ts';
import { catchUp } from '../../infra/local/stack/catch-up.ts';
import { type Instance, startInstance } from '../../infra/local/stack/instance.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { temporaryFolder } from '../support/folder.ts';

const TENANT = 'demo';
const SCOPES: Scope[] = ['recommendations:read', 'events:write', 'campaigns:read'];
/** How soon what went in must come out. */
const SOON = { timeout: 10_000, interval: 100 };

describe('Edgewise on a laptop, through the real Worker', () => {
  let data: string;
  let instance: Instance;
  let send: Send;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'edgewise-'));
    const ports = { edge: 0, origin: 0, gateway: 0 };
    instance = await startInstance({ data, tenant_id: TENANT, ports, clock: Date.now });
    const { keys, stack } = instance;
    const [key] = (await importKeys([keys.gateway])) as [Key];
    const signal = new AbortController().signal;
    send = gatewayClient({ url: stack.gateway_url, key, tenant_id: TENANT, clock: Date.now, signal });
    await fillSimulated({ data, tenant_id: TENANT, seed: 1, clock: Date.now, send, progress: noProgress });
    await catchUp({ read: stack.standing, progress: noProgress, signal });
    await stack.relearn(TENANT);
  });
  afterAll(async () => {
    await instance?.close();
    await rm(data, { recursive: true, force: true });
  });

  async function tokenOf(
    user_id: string,
    { keys = instance.keys, now_ms = Date.now() } = {},
  ): Promise<string> {
    return signToken({ keys, tenant_id: TENANT, user_id, scopes: SCOPES, lifetime_s: 3600, now_ms });
  }

  async function ask(path: string, user_id: string, init: RequestInit & { token?: string } = {}) {
    const { token = await tokenOf(user_id), ...rest } = init;
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    return fetch(new URL(path, instance.edge_url), { ...rest, headers });
  }

  const pathOf = (user_id: string, query = '') => `/v1/users/${encoded(user_id)}/recommendations${query}`;

  async function recommendationsFor(user_id: string, query = ''): Promise<Recommendations> {
    const response = await ask(pathOf(user_id, query), user_id);
    expect(response.status).toBe(200);
    return (await response.json()) as Recommendations;
  }

  const idsOf = ({ items }: Recommendations | CampaignList) => items.map(({ campaign_id }) => campaign_id);

  it('answers ten campaigns, each with reasons, and the second time from its memory', async () => {
    const first = await ask(pathOf('ada'), 'ada');
    const answer = (await first.json()) as Recommendations;
    expect(first.status).toBe(200);
    expect(answer.degraded).toEqual([]);
    expect(answer.items.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { reasons } of answer.items) expect(reasons.length).toBeGreaterThan(0);

    const second = await ask(pathOf('ada'), 'ada');
    expect(second.headers.get('Cache-Status')).toMatch(/^edgewise; hit/);
    expect(await second.json()).toEqual(answer);
    const unchanged = await fetch(new URL(pathOf('ada'), instance.edge_url), {
      headers: {
        Authorization: `Bearer ${await tokenOf('ada')}`,
        'If-None-Match': first.headers.get('ETag') ?? '',
      },
    });
    expect(unchanged.status).toBe(304);
  });

  it('lets an event posted at the edge change that person’s answer within ten seconds', async () => {
    const before = idsOf(await recommendationsFor('ben'));
    const [met = ''] = before;
    const click = {
      type: 'click',
      message_id: 'e2e-click',
      user_id: 'ben',
      campaign_id: met,
      occurred_at: new Date().toISOString(),
    };
    const posted = await ask('/v1/events', 'ben', {
      method: 'POST',
      body: JSON.stringify({ events: [click] }),
    });
    expect(posted.status).toBe(202);
    expect(await posted.json()).toEqual({ accepted: 1, rejected: [] });
    expect(posted.headers.get('Edgewise-Bookmark')).toMatch(/^[\w-]+$/);

    // Discover leaves out what the person has met.
    await vi.waitFor(async () => expect(idsOf(await recommendationsFor('ben'))).not.toContain(met), SOON);
  });

  it('lets what a person says bring up campaigns about it within ten seconds', async () => {
    const event = {
      type: 'message',
      message_id: 'e2e-message',
      user_id: 'newly-talking',
      text: 'my sourdough loaf comes out flat, is the starter dead or is the dough underproved',
      occurred_at: new Date().toISOString(),
    };
    const posted = await ask('/v1/events', 'newly-talking', {
      method: 'POST',
      body: JSON.stringify({ events: [event] }),
    });
    expect(posted.status).toBe(202);
    const courseFor = async (user_id: string) => {
      const { items } = await recommendationsFor(user_id, '?limit=40');
      return items.find(({ campaign_id }) => campaign_id === 'sourdough-course');
    };
    await vi.waitFor(async () => {
      const reasons = (await courseFor('newly-talking'))?.reasons.map(({ source }) => source);
      expect(reasons).toContain('nearest_campaigns');
    }, SOON);
    // Nothing is nearer to what they said, so that nothing can have gained more.
    const [theirs, anybodys] = [await courseFor('newly-talking'), await courseFor('silent')];
    expect(theirs?.score).toBeGreaterThan(anybodys?.score as number);
    expect(theirs?.rank).toBeLessThanOrEqual(anybodys?.rank as number);
  });

  it('gives a person nobody knows what is popular', async () => {
    const { items } = await recommendationsFor('nobody-knows-me');
    expect(items).toHaveLength(10);
    for (const { reasons } of items) {
      for (const { source } of reasons) expect(['popular', 'trending']).toContain(source);
    }
    const popular = (await (await ask('/v1/campaigns/popular', 'nobody-knows-me')).json()) as CampaignList;
    expect(popular.items).toHaveLength(10);
    for (const { reasons } of popular.items) expect(reasons).toEqual([{ source: 'popular', weight: 1 }]);
  });

  it('finds a new campaign by its text within ten seconds', async () => {
    const campaign = {
      campaign_id: 'beekeeping',
      title: 'Keep your first bees',
      text: 'A hive, a veil and a year of visits by a beekeeper: from the first swarm to your own honey.',
    };
    await sendLines({ send, route: 'campaigns', lines: linesOf([campaign]), onSent() {} });
    // Nobody has met it yet, so it would not be there for being popular.
    expect(idsOf(await recommendationsFor('nobody-knows-me'))).not.toContain('beekeeping');
    const context = {
      text: 'I want to keep bees and harvest my own honey, which hive does a beekeeper start with',
    };
    await vi.waitFor(async () => {
      const response = await ask(pathOf('nobody-knows-me'), 'nobody-knows-me', {
        method: 'POST',
        body: JSON.stringify({ context }),
      });
      const { items } = (await response.json()) as Recommendations;
      const found = items.find(({ campaign_id }) => campaign_id === 'beekeeping');
      expect(found).toBeDefined();
    }, SOON);
    expect((await ask('/v1/campaigns/beekeeping', 'ada')).status).toBe(200);
  });

  it('takes no token that is expired, of another issuer, of another tenant, or none at all', async () => {
    const strangers = await readKeys(await temporaryFolder());
    const tokens = {
      expired: await tokenOf('ada', { now_ms: Date.now() - 2 * 3600_000 }),
      foreign: await tokenOf('ada', { keys: strangers }),
      'of another tenant': await signToken({
        keys: instance.keys,
        tenant_id: 'others',
        user_id: 'ada',
        scopes: SCOPES,
        lifetime_s: 60,
        now_ms: Date.now(),
      }),
      broken: 'a.b.c',
    };
    for (const [what, token] of Object.entries(tokens)) {
      const response = await ask(pathOf('ada'), 'ada', { token });
      expect(response.status, what).toBe(401);
      expect(response.headers.get('Content-Type'), what).toBe('application/problem+json');
    }
    expect((await fetch(new URL(pathOf('ada'), instance.edge_url))).status).toBe(401);
  });

  it('shows nobody what is another person’s, and takes no event for them', async () => {
    expect((await ask(pathOf('ada'), 'ben')).status).toBe(404);
    const event = {
      type: 'message',
      message_id: 'm',
      user_id: 'ada',
      text: 'hi',
      occurred_at: new Date().toISOString(),
    };
    const posted = await ask('/v1/events', 'ben', {
      method: 'POST',
      body: JSON.stringify({ events: [event] }),
    });
    expect(posted.status).toBe(422);
    expect(await posted.json()).toMatchObject({ rejected: [{ code: 'not_yours', pointer: '/user_id' }] });
  });

  it('answers people whose ids need encoding in a path', async () => {
    for (const user_id of ['|trey|', "o'neill", 'a&b=c', '"', '!', 'x:y@z']) {
      expect((await recommendationsFor(user_id)).user_id).toBe(user_id);
    }
  });
});
