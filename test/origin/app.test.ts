import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Answers } from '#backing/answers/port.ts';
import type { Progress } from '#backing/log/port.ts';
import type { ListedKeys, MadeKey } from '#contract/admin.ts';
import { ANSWER_HEADER, readAnswer } from '#contract/answer.ts';
import { isTokenOf, KEYS_PATH, NOBODY_YET, unpackKey } from '#contract/api-key.ts';
import { BOOKMARK_HEADER, encodeBookmark } from '#contract/bookmark.ts';
import type { Caller } from '#contract/caller.ts';
import { originTimes } from '#contract/dependency-times.ts';
import type { Epochs } from '#contract/epoch.ts';
import type { PlacementVersions } from '#contract/placement.ts';
import type { CampaignList, Recommendations } from '#contract/recommendation.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import type { Made } from '../../origin/answers.ts';
import { ANSWER_MS, originApp } from '../../origin/app.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import type { Recommender, RecommenderOptions } from '../../origin/recommender.ts';
import { startOrigin } from '../../origin/start.ts';
import { did, NOW, openWorld, said, topicsOfTalk } from './world.ts';

const keys = await importKeys([{ id: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }]);
const peppers = await importKeys([
  { id: 'p2', secret: Buffer.alloc(32, 2).toString('base64url') },
  { id: 'p1', secret: Buffer.alloc(32, 3).toString('base64url') },
]);
const ada: Caller = { tenant_id: 'acme', subject: 'ada', scopes: ['recommendations:read', 'campaigns:read'] };

type Sending = {
  caller?: Caller;
  method?: string;
  body?: unknown;
  deadline_ms?: number;
  bookmark?: string;
};

/** The origin over a world, and a way of asking it as the edge does. */
async function openOrigin(
  overrides: {
    answers?: Answers;
    at_once?: number;
    progress?: Progress;
    recommender?: (real: Recommender) => Recommender;
    stores?: Partial<RecommenderOptions>;
  } = {},
) {
  const world = await openWorld('acme', overrides.stores);
  await world.campaigns(...topicsOfTalk);
  const { stores, clock, recommender, reports } = world;
  const app = originApp({
    answers: overrides.answers ?? stores.answers,
    recommender: overrides.recommender?.(recommender) ?? recommender,
    catalogue: stores.catalogue,
    placements: stores.placements,
    models: stores.models,
    bookmarks: openBookmarks({ progress: overrides.progress ?? null, clock, report: () => {} }),
    keys,
    clock,
    report: (line) => reports.push(line),
    control: { apiKeys: stores.apiKeys, peppers },
    at_once: overrides.at_once,
  });
  const ask = async (
    path: string,
    { caller = ada, method = 'GET', body, deadline_ms = 1000, bookmark }: Sending = {},
  ) => {
    const url = new URL(path, 'http://origin.test');
    const bytes = body === undefined ? null : new TextEncoder().encode(JSON.stringify(body));
    const headers = await sign({ method, url, caller, deadline_ms, body: bytes }, keys[0] as Key, clock());
    if (bookmark !== undefined) headers.set(BOOKMARK_HEADER, bookmark);
    return app.request(new Request(url, { method, headers, body: bytes }));
  };
  return { world, app, ask };
}

const MINE = '/v1/users/ada/recommendations';

describe('who may ask', () => {
  test('only signed requests are answered', async () => {
    const { app } = await openOrigin();
    const response = await app.request(`http://origin.test${MINE}`);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  test("another person's recommendations are no such thing", async () => {
    const { ask } = await openOrigin();
    expect((await ask('/v1/users/bob/recommendations')).status).toBe(404);
  });

  test("the tenant's own servers may ask for anybody", async () => {
    const { ask } = await openOrigin();
    expect((await ask('/v1/users/bob/recommendations', { caller: { ...ada, subject: null } })).status).toBe(
      200,
    );
  });

  test('without the scope nothing is told', async () => {
    const { ask } = await openOrigin();
    const caller: Caller = { ...ada, scopes: ['events:write'] };
    for (const path of [MINE, '/v1/campaigns/popular', '/v1/campaigns/wifi/similar', '/v1/campaigns/wifi']) {
      expect((await ask(path, { caller })).status).toBe(403);
    }
  });
});

describe('what is asked wrongly', () => {
  test.each([
    ['?limit=0', '/limit'],
    ['?limit=101', '/limit'],
    ['?limit=ten', '/limit'],
    ['?nonsense=1', '/nonsense'],
    ['?placement=a&placement=b', '/placement'],
    ['?locale=no_such', '/locale'],
    ['?exclude=popular', '/exclude/0'],
    ['?placement=home', '/placement'],
  ])('%s is refused, with where it is wrong', async (query, pointer) => {
    const { ask } = await openOrigin();
    const response = await ask(MINE + query);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      status: 422,
      errors: [{ pointer, detail: expect.any(String) }],
    });
  });

  test('a body that is no JSON, or not of the shape, is refused', async () => {
    const { ask } = await openOrigin();
    expect((await ask(MINE, { method: 'POST', body: { context: { text: '' } } })).status).toBe(422);
    expect((await ask(MINE, { method: 'POST', body: { context: 'text' } })).status).toBe(422);
    expect((await ask(MINE, { method: 'POST' })).status).toBe(400);
  });
});

describe('a question with a bookmark', () => {
  const bookmark = encodeBookmark([['events', 0, 5]]);
  const at = (offset: number): Progress => ({ committed: async () => [offset] });
  const LISTS = [MINE, '/v1/campaigns/popular', '/v1/campaigns/wifi/similar'];

  test('that the views have passed is answered and kept as any other', async () => {
    const { ask } = await openOrigin({ progress: at(6) });
    for (const path of LISTS) {
      const plain = await ask(path);
      const marked = await ask(path, { bookmark });
      expect(await marked.text()).toBe(await plain.text());
      expect(readAnswer(marked.headers, '')).not.toBeNull();
    }
    expect((await ask('/v1/campaigns/wifi', { bookmark })).status).toBe(200);
  });

  test('that they have not passed says so, under an ETag of its own, and is for nobody to keep', async () => {
    const { ask } = await openOrigin({ progress: at(5) });
    for (const path of LISTS) {
      const plain = await ask(path);
      const marked = await ask(path, { bookmark, deadline_ms: 60 });
      expect(marked.headers.has(ANSWER_HEADER)).toBe(false);
      expect(marked.headers.get('etag')).not.toBe(plain.headers.get('etag'));
      const { degraded, ...rest } = (await plain.json()) as Recommendations;
      expect(await marked.json()).toEqual({ ...rest, degraded: [...degraded, 'pending_write'] });
      expect(((await (await ask(path)).json()) as Recommendations).degraded).not.toContain('pending_write');
    }
    const campaign = await ask('/v1/campaigns/wifi', { bookmark, deadline_ms: 60 });
    expect([campaign.status, campaign.headers.get('retry-after')]).toEqual([412, '1']);
  });

  test('is pending while nothing tells whether what is held holds', async () => {
    const down = async () => {
      throw new Error('down');
    };
    const answers = { get: down, put: down, raise: down, read: down };
    const { ask } = await openOrigin({ answers, progress: at(6) });
    const { degraded } = (await (await ask(MINE, { bookmark })).json()) as Recommendations;
    expect(degraded).toContain('pending_write');
  });

  test('that is none is refused', async () => {
    const { ask } = await openOrigin({ progress: at(6) });
    for (const none of ['', 'nonsense', encodeBookmark([['events', 0, -1]]), 'W10'.repeat(10_000)])
      expect((await ask(MINE, { bookmark: none })).status).toBe(400);
  });
});

describe('answers are kept', () => {
  test('the same question is answered once, and again once the epoch was raised', async () => {
    const { ask, world } = await openOrigin();
    const first = await ask(MINE);
    const second = await ask(MINE);
    expect(first.headers.get('cache-status')).toBe('origin; fwd=miss');
    expect(second.headers.get('cache-status')).toBe('origin; hit');
    expect(await second.text()).toBe(await first.text());
    await world.events([did('click', 'ada', 'games')]);
    const third = await ask(MINE);
    expect(third.headers.get('cache-status')).toBe('origin; fwd=miss');
    expect(JSON.stringify(await third.json())).not.toContain('games');
  });

  test('an answer carries its epochs, as the epochs are told', async () => {
    const { ask } = await openOrigin();
    const response = await ask(MINE);
    const answer = readAnswer(response.headers, await response.text());
    const epochs = (await (await ask('/internal/epochs?user_id=ada')).json()) as Epochs;
    expect(answer?.epochs).toEqual(epochs);
    expect(await (await ask('/internal/epochs')).json()).toEqual({ user: 0, tenant: epochs.tenant });
  });

  test('an answer tells what it waited for, and a kept one the cache alone', async () => {
    const { ask } = await openOrigin();
    const waited = async () =>
      originTimes((await ask(MINE)).headers.get('server-timing')).map((time) => time.split(';')[0]);
    const made = await waited();
    expect(made).toEqual(expect.arrayContaining(['origin-answers', 'origin-profiles', 'origin-vectors']));
    expect(new Set(made).size).toBe(made.length);
    expect(await waited()).toEqual(['origin-answers']);
  });

  test('another question is another answer', async () => {
    const { ask } = await openOrigin();
    await ask(MINE);
    for (const query of ['?limit=2', '?placement=continue', '?locale=en', '?tags=fun', '?exclude=wifi']) {
      expect((await ask(MINE + query)).headers.get('cache-status')).toBe('origin; fwd=miss');
    }
  });

  test('equal questions at once are one retrieval', async () => {
    let made = 0;
    const recommender = (real: Recommender): Recommender => ({
      ...real,
      recommendations: (request, about) => {
        made++;
        return real.recommendations(request, about);
      },
    });
    const { ask } = await openOrigin({ recommender });
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask(MINE)));
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(made).toBe(1);
  });

  test('an answer made without a dependency is kept for seconds, not minutes', async () => {
    const recommender = (real: Recommender): Recommender => ({
      ...real,
      recommendations: async (request, about) => ({
        ...(await real.recommendations(request, about)),
        degraded: ['vectors'],
      }),
    });
    const { ask } = await openOrigin({ recommender });
    const response = await ask(MINE);
    const answer = readAnswer(response.headers, await response.text());
    expect(answer?.degraded).toEqual(['vectors']);
    expect((answer?.until_ms ?? 0) - NOW).toBeLessThanOrEqual(5_000);
  });

  test('while the answer cache is down, questions are answered all the same, for nobody to keep', async () => {
    const down = async () => {
      throw new Error('down');
    };
    const { ask, world } = await openOrigin({ answers: { get: down, put: down, raise: down, read: down } });
    const response = await ask(MINE);
    expect(response.status).toBe(200);
    expect(response.headers.has(ANSWER_HEADER)).toBe(false);
    expect(world.reports[0]).toMatchObject({ message: 'the answer cache failed' });
  });

  test('who cannot wait gives up on their own, and takes nothing from the others', async () => {
    const release = Promise.withResolvers<void>();
    const recommender = (real: Recommender): Recommender => ({
      ...real,
      recommendations: async (request, about): Promise<Made<never>> => {
        await release.promise;
        return real.recommendations(request, about) as Promise<Made<never>>;
      },
    });
    const { ask } = await openOrigin({ recommender });
    const patient = ask(MINE, { deadline_ms: 60_000 });
    const hasty = await ask(MINE, { deadline_ms: 1 });
    expect(hasty.status).toBe(504);
    release.resolve();
    expect((await patient).status).toBe(200);
  });
});

describe('what else is told', () => {
  test('a campaign, or that there is none', async () => {
    const { ask } = await openOrigin();
    expect(await (await ask('/v1/campaigns/wifi')).json()).toMatchObject({
      campaign_id: 'wifi',
      status: 'active',
    });
    expect((await ask('/v1/campaigns/none')).status).toBe(404);
  });

  test('campaigns like one, and popular ones, with reasons, to be kept a minute at most', async () => {
    const { ask, world } = await openOrigin();
    await world.events([said('bob', 'games', 'games')]);
    for (const path of ['/v1/campaigns/popular?limit=2', '/v1/campaigns/wifi/similar?limit=2']) {
      const response = await ask(path);
      const { until_ms } = JSON.parse(response.headers.get(ANSWER_HEADER) ?? '{}');
      expect(until_ms - NOW).toBeLessThanOrEqual(60_000);
      const { items } = (await response.json()) as CampaignList;
      expect(items.length).toBeGreaterThan(0);
      expect(items[0]?.reasons.length).toBeGreaterThan(0);
    }
  });
});

test('the origin listens, answers signed requests, and stops', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  const served = await startOrigin({
    ...world.options,
    answers: world.stores.answers,
    keys,
    hostname: '127.0.0.1',
    port: 0,
  });
  onTestFinished(served.close);
  const url = new URL(MINE, served.url);
  const headers = await sign(
    { method: 'GET', url, caller: ada, deadline_ms: 5000, body: null },
    keys[0] as Key,
    world.clock(),
  );
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  expect(((await response.json()) as Recommendations).items).toHaveLength(4);
});

describe('API keys', () => {
  const admin: Caller = { tenant_id: 'acme', subject: null, scopes: ['admin'] };
  const PATH = '/v1/admin/keys';

  async function openKeys() {
    const { ask, world } = await openOrigin();
    const told = async (path: string, sending: Sending = {}) => {
      const response = await ask(path, { caller: admin, ...sending });
      return { status: response.status, body: await response.json() };
    };
    const make = async (body: unknown = { name: 'a server', scopes: ['events:write'] }) =>
      (await told(PATH, { method: 'POST', body })).body as MadeKey;
    const copyOf = async (key_id: string) => {
      const response = await ask(`${KEYS_PATH}/${key_id}`, { caller: NOBODY_YET });
      return unpackKey(await response.text(), world.clock());
    };
    return { told, make, copyOf, world };
  }

  test('that is made is told once, and the edge can check it by its copy', async () => {
    const { make, told, copyOf } = await openKeys();
    const { api_key, key_id } = await make();
    const copy = await copyOf(key_id);
    expect(copy?.key).toMatchObject({ tenant_id: 'acme', scopes: ['events:write'], pepper: 'p2' });
    if (!copy) throw new Error('There is no copy');
    expect(await isTokenOf(api_key, copy.key, peppers)).toBe(true);
    expect(await isTokenOf(`${api_key.slice(0, -1)}!`, copy.key, peppers)).toBe(false);
    expect(await isTokenOf(api_key, copy.key, peppers.slice(1))).toBe(false);
    const { body } = await told(PATH);
    expect((body as ListedKeys).keys.map((key) => key.key_id)).toEqual([key_id]);
    expect(JSON.stringify(body)).not.toContain(api_key.slice(20));
    expect(JSON.stringify(body)).not.toContain(copy.key.digest);
  });

  test('that is rotated goes on for as long as was asked, beside the one that replaces it', async () => {
    const { make, told, copyOf } = await openKeys();
    const { key_id } = await make();
    const old_expires_at = new Date(NOW + 600_000).toISOString();
    const rotate = (body: unknown) => told(`${PATH}/${key_id}/rotate`, { method: 'POST', body });
    const { status, body } = await rotate({ old_expires_at });
    expect([status, body]).toMatchObject([201, { name: 'a server', scopes: ['events:write'] }]);
    expect((await copyOf(key_id))?.key.expires_at).toBe(old_expires_at);
    expect((await rotate({})).status).toBe(201);
    expect((await rotate({})).status).toBe(422);
  });

  test('that is revoked stays in the list', async () => {
    const { make, told, copyOf } = await openKeys();
    const { key_id } = await make();
    expect((await told(`${PATH}/${key_id}`, { method: 'DELETE' })).status).toBe(200);
    expect((await copyOf(key_id))?.key.revoked_at).toBe(new Date(NOW).toISOString());
    expect(((await told(PATH)).body as ListedKeys).keys).toHaveLength(1);
  });

  test('of another tenant are not found, rather than forbidden', async () => {
    const { make, told, copyOf } = await openKeys();
    const { key_id } = await make();
    const caller = { ...admin, tenant_id: 'globex' };
    const sent = { caller, body: {} };
    expect((await told(`${PATH}/${key_id}`, { caller, method: 'DELETE' })).status).toBe(404);
    expect((await told(`${PATH}/${key_id}/rotate`, { ...sent, method: 'POST' })).status).toBe(404);
    expect((await told(PATH, { caller })).body).toEqual({ keys: [] });
    expect((await copyOf(key_id))?.key).toMatchObject({ revoked_at: null, expires_at: null });
  });

  test.each<[string, Caller]>([
    ['without the scope', { ...admin, scopes: ['events:write'] }],
    ['for a person', { ...admin, subject: 'ada' }],
  ])('%s are nothing that can be had', async (_, caller) => {
    const { told } = await openKeys();
    for (const method of ['GET', 'POST']) {
      expect((await told(PATH, { caller, method, ...(method === 'POST' && { body: {} }) })).status).toBe(403);
    }
  });

  test.each([
    [{ name: '', scopes: ['admin'] }, '/name'],
    [{ name: 'a\u0000b', scopes: ['admin'] }, '/name'],
    [{ name: 'a', scopes: [] }, '/scopes'],
    [{ name: 'a', scopes: ['all'] }, '/scopes/0'],
    [{ name: 'a', scopes: ['admin'], expires_at: '2001-01-01T00:00:00Z' }, '/expires_at'],
    [{ name: 'a', scopes: ['admin'], tenant_id: 'globex' }, '/tenant_id'],
  ])('asked for by %j are refused, and none is made', async (body, pointer) => {
    const { told } = await openKeys();
    const refused = await told(PATH, { method: 'POST', body });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    expect((await told(PATH)).body).toEqual({ keys: [] });
  });
});

describe('when too much is asked', () => {
  test('past so many answers in the making others are refused at once, with when to ask again; kept ones are given', async () => {
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let making = 0;
    const { ask } = await openOrigin({
      at_once: 2,
      recommender: (real) => ({
        ...real,
        async recommendations(...args) {
          if (args[0].limit !== 1) {
            making++;
            await held;
          }
          return real.recommendations(...args);
        },
      }),
    });
    expect((await ask(`${MINE}?limit=1`)).status).toBe(200);
    const begun = [2, 3].map((limit) => ask(`${MINE}?limit=${limit}`));
    const same = ask(`${MINE}?limit=3`);
    await vi.waitFor(() => expect(making).toBe(2));
    const refused = await ask(`${MINE}?limit=4`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ type: 'urn:edgewise:problem:overloaded' });
    expect((await ask(`${MINE}?limit=1`)).headers.get('cache-status')).toBe('origin; hit');
    finish();
    for (const response of await Promise.all([...begun, same])) expect(response.status).toBe(200);
    expect((await ask(`${MINE}?limit=4`)).status).toBe(200);
  });

  test('what keeps failing is answered for with 503 and when to ask again, without asking it', async () => {
    let asked = 0;
    const world = await openWorld();
    const answers: Answers = {
      ...world.stores.answers,
      read: async () => {
        asked++;
        throw new Error('down');
      },
    };
    const { ask } = await openOrigin({ answers });
    let response = await ask('/internal/epochs');
    while (response.status !== 503) response = await ask('/internal/epochs');
    expect(response.headers.get('retry-after')).toBe('1');
    expect(asked).toBe(5);
  });
});

test('whatever never answers, an answer is put together in its time, and names what it lacks', async () => {
  const base = await openWorld();
  const never = () => new Promise<never>(() => {});
  const { profiles, graph, answers } = base.stores;
  const { ask, world } = await openOrigin({
    answers: { ...answers, put: never },
    stores: {
      profiles: { ...profiles, read: never },
      graph: { ...graph, neighbours: never },
      // Longer than this test may take: only the answer's own time ends it.
      dependency_ms: 600_000,
    },
  });
  await world.events([did('click', 'bob', 'games')]);
  const response = await ask(MINE, { deadline_ms: 600_000 });
  expect(response.status).toBe(200);
  const { items, degraded } = (await response.json()) as Recommendations;
  expect(degraded).toEqual(['graph', 'profiles']);
  expect(items[0]?.campaign_id).toBe('games');
});

test('what there is no answer without is waited for until the edge waits no longer', async () => {
  const base = await openWorld();
  const { catalogue, profiles } = base.stores;
  const late = Promise.withResolvers<void>();
  const { ask } = await openOrigin({
    stores: {
      profiles: {
        ...profiles,
        read: (_tenant, _user, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              late.resolve();
              reject(signal.reason);
            });
          }),
      },
      catalogue: {
        ...catalogue,
        all: async (...args) => {
          await late.promise;
          return catalogue.all(...args);
        },
      },
      dependency_ms: 600_000,
    },
  });
  const response = await ask(MINE, { deadline_ms: 600_000 });
  expect(response.status).toBe(200);
  expect(((await response.json()) as Recommendations).degraded).toEqual(['profiles']);
});

test('the origin makes an answer within its own time, and within that which the edge gives', async () => {
  const budgets: unknown[] = [];
  const { ask } = await openOrigin({
    recommender: (real) => ({
      ...real,
      recommendations(request, about) {
        budgets.push([about.budget_ms, about.latest_ms]);
        return real.recommendations(request, about);
      },
    }),
  });
  for (const [i, deadline_ms] of [1000, 50].entries()) await ask(`${MINE}?limit=${i + 1}`, { deadline_ms });
  expect(budgets).toEqual([
    [ANSWER_MS, 900],
    [45, 45],
  ]);
});
describe("a tenant's models", () => {
  const PATH = '/v1/admin/models';
  const admin: Caller = { tenant_id: 'acme', subject: null, scopes: ['admin', 'recommendations:read'] };
  const tree = { features: [0], above: [1], values: [0, -1, 1] };
  const content = { kind: 'trees', sources: ['popular'], base: 0, weights: [1], trees: [tree] };
  const put = (body: unknown) => ({ caller: admin, method: 'PUT', body });

  test('one is added, named by a placement, made live, and told without what it holds or with that', async () => {
    const { ask } = await openOrigin();
    const home = { weights: { popular: 1 }, repeats: true, model: 'mine' };
    const early = await ask('/v1/admin/placements/home', put(home));
    expect(await early.json()).toMatchObject({ status: 422, errors: [{ pointer: '/model' }] });
    const added = await ask(`${PATH}/mine`, put(content));
    expect(added.status).toBe(201);
    const version = { model: 'mine', version: 1, status: 'candidate' };
    expect(await added.json()).toMatchObject({ ...version, content });
    const live = { caller: admin, method: 'POST', body: { version: 1, status: 'live' } };
    expect((await ask('/v1/admin/placements/home', put(home))).status).toBe(201);
    for (const path of ['/v1/admin/placements/home', `${PATH}/mine`])
      expect(await (await ask(path, live)).json()).toMatchObject({ status: 'live' });
    expect(await (await ask(`${MINE}?placement=home`)).json()).toMatchObject({ model: 'mine@1' });
    const listed = (await (await ask(PATH, { caller: admin })).json()) as { models: object[] };
    expect(listed.models).toEqual([expect.objectContaining({ ...version, status: 'live' })]);
    expect(listed.models[0]).not.toHaveProperty('content');
    const read = await ask(`${PATH}/mine`, { caller: admin });
    expect(await read.json()).toMatchObject({ models: [{ ...version, status: 'live', content }] });
    expect((await ask(`${PATH}/other`, { caller: admin })).status).toBe(404);
    expect((await ask(`${PATH}/mine`, { ...live, body: { version: 2, status: 'live' } })).status).toBe(404);
  });

  test('what is wrong with one is told, and nothing is kept of it; nobody but an admin may touch any', async () => {
    const { ask, world } = await openOrigin();
    const wrong = [
      [{ kind: 'forest' }, '/kind'],
      [{ kind: 'weights', weights: { nonsense: 1 } }, '/weights/nonsense'],
      [{ ...content, sources: ['nonsense'] }, '/sources/0'],
      [{ ...content, sources: ['popular', 'popular'], weights: [1, 1] }, ''],
      [{ ...content, weights: [1, 2] }, ''],
      [{ ...content, trees: [{ ...tree, features: [1] }] }, ''],
      [{ ...content, trees: [{ ...tree, values: [0, 1] }] }, ''],
      [{ ...content, trees: [{ features: [0, 0], above: [1, 1], values: [0, 0, 0, 0, 0] }] }, ''],
      [{ ...content, trees: [{ features: [], above: [], values: [1] }] }, ''],
      [{ ...content, trees: Array(301).fill(tree) }, '/trees'],
    ] as const;
    for (const [body, pointer] of wrong) {
      const response = await ask(`${PATH}/mine`, put(body));
      expect(await response.json()).toMatchObject({ status: 422, errors: [{ pointer }] });
    }
    const large = { ...content, trees: Array(300).fill({ ...tree, values: Array(63).fill(0.123456789) }) };
    expect((await ask(`${PATH}/mine`, put(large))).status).toBe(413);
    expect(await world.stores.models.list('acme', new AbortController().signal)).toEqual([]);
    for (const caller of [ada, { ...admin, subject: 'ada' }, { ...admin, scopes: [] }]) {
      expect((await ask(PATH, { caller })).status).toBe(403);
      expect((await ask(`${PATH}/mine`, { caller })).status).toBe(403);
      expect((await ask(`${PATH}/mine`, { caller, method: 'PUT', body: content })).status).toBe(403);
      expect((await ask(`${PATH}/mine`, { caller, method: 'POST', body: {} })).status).toBe(403);
    }
  });
});

describe("a tenant's placements", () => {
  const PATH = '/v1/admin/placements';
  const admin: Caller = { tenant_id: 'acme', subject: null, scopes: ['admin', 'recommendations:read'] };
  const content = { weights: { popular: 1 }, repeats: true };

  test('one is added, made live, answers at once, and is replaced, by the admin alone', async () => {
    const { ask } = await openOrigin();
    const put = { caller: admin, method: 'PUT', body: content };
    const added = await ask(`${PATH}/home`, put);
    expect(added.status).toBe(201);
    expect(await added.json()).toMatchObject({ placement: 'home', version: 1, status: 'candidate' });
    expect((await ask(`${MINE}?placement=home`)).status).toBe(422);
    const live = { caller: admin, method: 'POST', body: { version: 1, status: 'live' } };
    expect(await (await ask(`${PATH}/home`, live)).json()).toMatchObject({ status: 'live' });
    expect((await ask(`${MINE}?placement=home`)).status).toBe(200);
    const { placements } = (await (await ask(PATH, { caller: admin })).json()) as PlacementVersions;
    expect(placements.map(({ placement, version, status }) => [placement, version, status])).toEqual([
      ['discover', 0, 'live'],
      ['continue', 0, 'live'],
      ['home', 1, 'live'],
    ]);
    expect(placements[2]?.content).toEqual({
      ...content,
      model: null,
      boosts: [],
      pins: [],
      frequency_caps: [],
      diversity: 0,
      exploration: 0,
    });
    await ask(`${PATH}/home`, { ...live, body: { version: 1, status: 'retired' } });
    expect((await ask(`${MINE}?placement=home`)).status).toBe(422);
  });

  test('what is wrong with one is told, field by field, and nothing is kept of it', async () => {
    const { ask, world } = await openOrigin();
    const wrong = [
      [{ ...content, weights: { nonsense: 1 } }, '/weights/nonsense'],
      [{ ...content, weights: { popular: 0 } }, '/weights'],
      [{ ...content, weights: { popular: 1, trending: -1 } }, '/weights/trending'],
      [{ ...content, exploration: 0.9 }, '/exploration'],
      [{ ...content, pins: [{ campaign_id: 'c', position: 0 }] }, '/pins/0/position'],
      [{ ...content, more: 1 }, '/more'],
    ] as const;
    for (const [body, pointer] of wrong) {
      const response = await ask(`${PATH}/home`, { caller: admin, method: 'PUT', body });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ errors: [{ pointer }] });
    }
    expect(await world.stores.placements.of('acme', {}, new AbortController().signal)).toEqual([]);
  });

  test('a version that there is not is not found, and nobody but an admin may touch any', async () => {
    const { ask } = await openOrigin();
    const body = { version: 1, status: 'live' };
    expect((await ask(`${PATH}/home`, { caller: admin, method: 'POST', body })).status).toBe(404);
    for (const caller of [ada, { ...admin, subject: 'ada' }, { ...admin, scopes: [] }]) {
      expect((await ask(PATH, { caller })).status).toBe(403);
      expect((await ask(`${PATH}/home`, { caller, method: 'PUT', body: content })).status).toBe(403);
      expect((await ask(`${PATH}/home`, { caller, method: 'POST', body })).status).toBe(403);
    }
  });

  test('of sources with odd names the pointer is a JSON pointer', async () => {
    const { ask } = await openOrigin();
    const body = { ...content, weights: { 'a/b~c': 1 } };
    const response = await ask(`${PATH}/home`, { caller: admin, method: 'PUT', body });
    expect(await response.json()).toMatchObject({ errors: [{ pointer: '/weights/a~1b~0c' }] });
  });
});
