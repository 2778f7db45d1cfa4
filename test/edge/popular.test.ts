import { exports } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PopularLists, popularLists } from '../../edge/popular/lists.ts';
import { publishPopular } from '../../edge/popular/publish.ts';
import { answered, ask, behind, newPerson, openEdge, problem, resetBehind } from './support/edge.ts';
import { issuers, TENANT } from './support/tokens.ts';

beforeAll(() => openEdge());
beforeEach(() => {
  resetBehind();
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = () => {};
const item = (campaign_id: string, rank: number) => ({
  campaign_id,
  rank,
  score: 1 / rank,
  reasons: [{ source: 'popular', weight: 1 }],
});
const ids = ['c-1', 'c-2', 'c-3', 'c-4'];

/** The origin's answer to somebody of whom nothing is known. */
const recommendations = (placement: string, degraded: string[] = [], campaign_ids = ids) =>
  JSON.stringify({
    recommendation_id: 'r',
    user_id: 'edgewise:nobody',
    placement,
    generated_at: '2026-11-01T10:00:00Z',
    model: 'm',
    degraded,
    items: campaign_ids.map((id, at) => item(id, at + 1)),
  });

/** What the cron trigger does. */
const { scheduled } = exports.default as unknown as { scheduled(event: { cron: string }): Promise<void> };
const publish = () => scheduled({ cron: '* * * * *' });

async function read(person: { as: string; path: string }, query = '', init: RequestInit = {}) {
  const response = await ask(person.path + query, { ...init, as: person.as });
  const body = (await response.json()) as {
    user_id?: string;
    degraded: string[];
    items: { campaign_id: string; rank: number }[];
  };
  const status = response.headers.get('Cache-Status');
  return { code: response.status, status, age: response.headers.get('Age'), ...body };
}

describe('popular lists', () => {
  test('are published for every tenant and placement, by what the origin tells somebody unknown', async () => {
    behind.origin = ({ url }) => answered({ body: recommendations(url.searchParams.get('placement') ?? '') });
    await publish();
    const asked = behind.asked.map(({ caller, url }) => [caller, url.pathname, url.search]);
    const path = '/v1/users/edgewise:nobody/recommendations';
    const tenants = [...new Set(issuers.flatMap((issuer) => issuer.tenants))];
    expect(tenants).toContain(TENANT);
    expect(asked.length).toBe(2 * tenants.length);
    for (const tenant_id of tenants) {
      const caller = { tenant_id, subject: null, scopes: ['recommendations:read'] };
      for (const placement of ['discover', 'continue']) {
        expect(asked).toContainEqual([caller, path, `?placement=${placement}&limit=100`]);
      }
    }
  });

  describe('stand in where the origin fails and nothing is kept', () => {
    beforeEach(async () => {
      behind.origin = ({ url }) =>
        answered({ body: recommendations(url.searchParams.get('placement') ?? '') });
      await publish();
      vi.setSystemTime(Date.now() + 90_000);
      behind.origin = () => problem(503);
    });

    test('for recommendations, marked degraded, and with their age', async () => {
      const person = await newPerson();
      const answer = await read(person, '?limit=2&exclude=c-2');
      expect(answer).toMatchObject({
        code: 200,
        status: 'edgewise; fwd=miss; detail=popular',
        user_id: person.user_id,
        degraded: ['origin'],
      });
      expect(Number(answer.age)).toBeGreaterThanOrEqual(90);
      expect(answer.items.map(({ campaign_id, rank }) => [campaign_id, rank])).toEqual([
        ['c-1', 1],
        ['c-3', 2],
      ]);
    });

    test('for what is being said now, for popular and for similar, which leaves out what it is to be like', async () => {
      const { as, path } = await newPerson();
      const now = await read({ as, path }, '', {
        method: 'POST',
        body: '{"context":{"text":"hello"}}',
        headers: { 'Content-Type': 'application/json' },
      });
      expect([now.code, now.items.length]).toEqual([200, 4]);
      expect((await read({ as, path: '/v1/campaigns/popular' })).items.length).toBe(4);
      const similar = await read({ as, path: '/v1/campaigns/c-1/similar' });
      expect(similar.items.map(({ campaign_id }) => campaign_id)).toEqual(['c-2', 'c-3', 'c-4']);
    });

    test('but not for a campaign itself, another placement or another language', async () => {
      const { as, path } = await newPerson();
      expect((await ask('/v1/campaigns/c-1', { as })).status).toBe(503);
      expect((await ask(`${path}?placement=elsewhere`, { as })).status).toBe(503);
      expect((await ask(`${path}?locale=de`, { as })).status).toBe(503);
    });

    test('with nothing, where tags are asked for, which are not published', async () => {
      expect((await read(await newPerson(), '?tags=network')).items).toEqual([]);
    });

    test('and not where the question itself is wrong', async () => {
      behind.origin = () => problem(404);
      expect((await ask((await newPerson()).path, { as: (await newPerson()).as })).status).toBe(404);
    });

    test('only once what is kept may not stand in any more', async () => {
      const person = await newPerson();
      behind.origin = () => answered({ body: '{"degraded":[],"items":[]}' });
      await read(person);
      behind.origin = () => problem(503);
      vi.setSystemTime(Date.now() + 14 * 60_000);
      expect((await read(person)).status).toContain('stale-if-error');
      vi.setSystemTime(Date.now() + 60_000);
      expect((await read(person)).status).toContain('popular');
    });
  });

  describe('publishing', () => {
    const audience = (placement: string) => ({ tenant_id: TENANT, placement, locale: null });
    function lists() {
      const published: string[] = [];
      const kept: PopularLists = {
        read: async () => null,
        publish: async ({ placement }, items) => void published.push(`${placement} ${items.length}`),
      };
      return { published, kept };
    }
    const run = (kept: PopularLists, reply: (placement: string) => string | number, placements: string[]) =>
      publishPopular({
        audiences: placements.map(audience),
        lists: kept,
        log: silent,
        origin: async ({ path }) => {
          const said = reply(new URL(path, 'http://o').searchParams.get('placement') ?? '');
          return typeof said === 'number'
            ? { kind: 'problem', status: said, body: '', retry_after: null }
            : { kind: 'answer', body: said, etag: null, answer: null, times: [] };
        },
      });

    test('leaves the lists that it cannot make well as they are, makes the others, and fails in the end', async () => {
      const { published, kept } = lists();
      const replies: Record<string, string | number> = {
        down: 503,
        degraded: recommendations('x', ['counters']),
        garbage: '{"items":1}',
        whole: recommendations('x'),
      };
      const placements = ['down', 'degraded', 'garbage', 'whole', 'whole'];
      await expect(run(kept, (placement) => replies[placement] ?? 0, placements)).rejects.toMatchObject({
        code: 'not_published',
        message: '3 of 5 lists were not published',
      });
      expect(published).toEqual(['whole 4', 'whole 4']);
    });

    test('of an empty catalogue leaves the list that is there', async () => {
      const { published, kept } = lists();
      await run(kept, () => recommendations('x', [], []), ['discover']);
      expect(published).toEqual([]);
    });
  });

  describe('are read from KV', () => {
    function kv(get: () => Promise<string | null>) {
      const state = { now_ms: 0, reads: 0 };
      const store = {
        get: () => {
          state.reads++;
          return get();
        },
        put: async () => {},
      } as unknown as KVNamespace;
      return { state, lists: popularLists({ kv: store, clock: () => state.now_ms, log: silent }) };
    }
    const audience = { tenant_id: 't', placement: 'p', locale: null };

    test('once a minute', async () => {
      const { state, lists } = kv(async () => JSON.stringify({ format: 1, published_ms: 7, items: [] }));
      for (const at of [0, 59_999]) {
        state.now_ms = at;
        expect(await lists.read(audience)).toEqual({ format: 1, published_ms: 7, items: [] });
      }
      expect(state.reads).toBe(1);
      state.now_ms = 60_000;
      await lists.read(audience);
      expect(state.reads).toBe(2);
    });

    test.each([
      ['fails', () => Promise.reject(new Error('no'))],
      ['hangs', () => new Promise<never>(() => {})],
      ['has nothing', async () => null],
      ['has garbage', async () => '<html>'],
      ['has another format', async () => '{"format":2,"published_ms":7,"items":[]}'],
    ])('which is none where it %s', async (_, get) => {
      expect(await kv(get).lists.read(audience)).toBeNull();
    });
  });
});
