import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answered, ask, behind, newPerson, openEdge, problem, resetBehind, until } from './support/edge.ts';
import { FOREIGN_TENANT, token } from './support/tokens.ts';

beforeAll(() => openEdge());
beforeEach(() => {
  resetBehind();
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
const statusOf = (response: Response) => response.headers.get('Cache-Status');

const originCalls = () => behind.asked.length;
const epochReads = () => behind.epochReads;

async function read(person: { as: string; path: string }, init: RequestInit = {}) {
  const response = await ask(person.path, { ...init, as: person.as });
  return { response, status: response.status, cache: statusOf(response), body: await response.text() };
}

describe('an answer is kept in memory', () => {
  test('the second reader is answered without asking behind, with all its headers', async () => {
    const person = await newPerson();
    const first = await read(person);
    expect(first.cache).toMatch(/^edgewise; fwd=miss; stored; ttl=\d+$/);
    later(2_000);
    const second = await read(person);
    expect(second.body).toBe(first.body);
    expect(second.cache).toBe('edgewise; hit; ttl=58; detail=memory');
    expect(Object.fromEntries(second.response.headers)).toMatchObject({
      age: '2',
      etag: '"v1"',
      'cache-control': 'private, no-cache',
      'content-type': 'application/json',
      vary: 'Authorization, Origin',
      'x-content-type-options': 'nosniff',
      'server-timing': 'auth;dur=0, cache;dur=0, origin;dur=0',
    });
    expect([originCalls(), epochReads()]).toEqual([1, 0]);
  });

  test('whoever waited for the origin is told what that waited for, and the next reader nothing of it', async () => {
    behind.origin = () => {
      const response = answered();
      response.headers.set('Server-Timing', 'answers;dur=0.4, vectors;dur=12.5, x"y;dur=1, late;desc=no');
      return response;
    };
    const person = await newPerson();
    const timing = async () => (await read(person)).response.headers.get('Server-Timing');
    expect(await timing()).toMatch(
      /^auth;dur=\d+, cache;dur=\d+, origin;dur=\d+, origin-answers;dur=0\.4, origin-vectors;dur=12\.5$/,
    );
    expect(await timing()).toBe('auth;dur=0, cache;dur=0, origin;dur=0');
  });

  test('the headers between the tiers reach nobody', async () => {
    const { response } = await read(await newPerson());
    const names = [...response.headers.keys()].filter(
      (name) => name.startsWith('edgewise') || name.includes('signature'),
    );
    expect(names).toEqual([]);
  });

  test('equal questions are one however they are spelt, and others are others', async () => {
    const { as, path } = await newPerson();
    const status = async (query: string) => statusOf(await ask(`${path}?${query}`, { as }));
    expect(await status('tags=b&tags=a&limit=10&exclude=c-1')).toContain('fwd=miss');
    expect(await status('exclude=c-1&tags=a&tags=b&tags=a&placement=discover')).toContain('hit');
    for (const other of [
      'tags=a&exclude=c-1',
      'tags=a&tags=b',
      'tags=a&tags=b&exclude=c-1&limit=9',
      'locale=en',
    ]) {
      expect(await status(other)).toContain('fwd=miss');
    }
    expect(behind.asked[0]?.url.search).toBe('?placement=discover&limit=10&tags=a&tags=b&exclude=c-1');
    expect(behind.asked[4]?.url.search).toBe('?placement=discover&limit=10&locale=en');
  });

  test('a question asked again by the same address is the same for its tenant, and for no other', async () => {
    const person = await newPerson();
    const foreign = {
      ...person,
      as: await token(
        person.user_id,
        { iss: 'https://id.globex.test', tenant: FOREIGN_TENANT },
        { by: 'stranger' },
      ),
    };
    await read(person);
    expect((await read(foreign)).cache).toContain('fwd=miss');
    expect((await read(person)).body).toBe('{"made":1}');
    expect((await read(foreign)).body).toBe('{"made":2}');
  });

  test('nobody is given what was made for another, though the answers to similar and popular are shared', async () => {
    const [one, two] = [await newPerson(), await newPerson()];
    await read(one);
    expect((await read(two)).cache).toContain('fwd=miss');
    await read({ as: one.as, path: '/v1/campaigns/shared/similar' });
    expect((await read({ as: two.as, path: '/v1/campaigns/shared/similar?limit=10' })).cache).toContain(
      'hit',
    );
    await read({ as: one.as, path: '/v1/campaigns/popular?locale=fr' });
    expect((await read({ as: two.as, path: '/v1/campaigns/popular?limit=10&locale=fr' })).cache).toContain(
      'hit',
    );
    expect(behind.asked.slice(2).map(({ url }) => url.pathname + url.search)).toEqual([
      '/v1/campaigns/shared/similar?limit=10',
      '/v1/campaigns/popular?limit=10&locale=fr',
    ]);
  });

  test("a scope that is missing is missed on what is kept too, and a person's answer stays theirs", async () => {
    const person = await newPerson();
    await read(person);
    const scopeless = await token(person.user_id, { scope: 'events:write' });
    expect((await read({ ...person, as: scopeless })).status).toBe(403);
    expect((await read({ ...person, as: await token('someone-else') })).status).toBe(404);
  });

  test('recommendations for what is being said now, and campaigns, are not kept', async () => {
    const { as, path } = await newPerson();
    const body = JSON.stringify({ context: { text: 'hello' }, limit: 3, exclude: ['b', 'a'] });
    for (const calls of [1, 2]) {
      const response = await ask(path, {
        as,
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      });
      expect([response.status, statusOf(response)]).toEqual([200, 'edgewise; fwd=method']);
      expect(originCalls()).toBe(calls);
    }
    expect(JSON.parse(new TextDecoder().decode(behind.asked[0]?.body ?? undefined))).toEqual({
      placement: 'discover',
      limit: 3,
      context: { text: 'hello' },
      exclude: ['a', 'b'],
      filter: { tags: [] },
    });
    for (const calls of [3, 4]) {
      expect(statusOf(await ask('/v1/campaigns/c-7', { as }))).toBe('edgewise; fwd=bypass');
      expect(originCalls()).toBe(calls);
    }
  });
});

describe('an answer is validated', () => {
  test('5 s after the last time it is served, and validated behind', async () => {
    const person = await newPerson();
    await read(person);
    later(5_000);
    expect((await read(person)).cache).toContain('hit; ttl=55');
    await until(async () => (await read(person)).cache?.includes('hit; ttl=60'));
    expect(epochReads()).toBe(1);
    expect(originCalls()).toBe(1);
  });

  test('behind, an outdated answer is replaced for the next reader', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochs = { user: 2, tenant: 1 };
    later(5_000);
    expect(await read(person)).toMatchObject({
      body: '{"made":1}',
      cache: 'edgewise; hit; ttl=55; detail=memory',
    });
    await until(() => originCalls() === 2);
    await until(async () => (await read(person)).body === '{"made":2}');
  });

  test('60 s after the last time it is validated first', async () => {
    const person = await newPerson();
    await read(person);
    later(60_000);
    const again = await read(person);
    expect(again).toMatchObject({
      body: '{"made":1}',
      cache: 'edgewise; fwd=stale; fwd-status=304; ttl=60; detail=memory',
    });
    expect([originCalls(), epochReads()]).toEqual([1, 1]);
    behind.epochs = { user: 1, tenant: 2 };
    later(60_000);
    expect(await read(person)).toMatchObject({
      body: '{"made":2}',
      cache: 'edgewise; fwd=stale; stored; ttl=60',
    });
  });

  test("similar and popular rest on the tenant's epoch alone, recommendations on the person's too", async () => {
    const person = await newPerson();
    const asked: string[] = [];
    behind.epochReader = ({ url }) => {
      asked.push(url.search);
      return Response.json(behind.epochs);
    };
    for (const path of [person.path, '/v1/campaigns/rest/similar', '/v1/campaigns/popular?locale=de']) {
      await read({ ...person, path });
      later(60_000);
      await read({ ...person, path });
    }
    expect(asked).toEqual([`?user_id=${person.user_id}`, '', '']);
  });

  test('where the epochs cannot be read, the origin is asked', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochReader = () => problem(503);
    later(60_000);
    expect(await read(person)).toMatchObject({ body: '{"made":2}' });
  });

  test('an answer that has ended is not validated but replaced', async () => {
    const person = await newPerson();
    behind.origin = () => answered({ until_ms: Date.now() + 3_000, body: '"short"' });
    await read(person);
    behind.origin = () => answered({ body: '"next"' });
    later(3_000);
    expect((await read(person)).body).toBe('"next"');
    expect(epochReads()).toBe(0);
  });

  test('no answer outlives 15 minutes, whatever the origin says of it', async () => {
    const person = await newPerson();
    behind.origin = () =>
      answered({ created_ms: Date.now() + 3_600_000, until_ms: Date.now() + 7_200_000, body: '"old"' });
    await read(person);
    behind.origin = () => answered({ body: '"new"' });
    for (let minute = 1; minute < 15; minute++) {
      later(59_000);
      expect((await read(person)).body).toBe('"old"');
    }
    later(75_000);
    expect((await read(person)).body).toBe('"new"');
  });
});

describe('while the origin fails', () => {
  const failures: Record<string, () => Response> = {
    'answers 503': () => problem(503),
    'answers 500': () => problem(500),
    'cannot be reached': () => {
      throw new TypeError('Network connection lost.');
    },
    'refuses our signature': () => problem(401),
    'answers what cannot be read': () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }),
    'answers invalid UTF-8': () =>
      new Response(new Uint8Array([0xff, 0xfe]), { headers: { 'Content-Type': 'application/json' } }),
    redirects: () => Response.redirect('http://elsewhere.test/', 302),
  };

  test.each(Object.entries(failures))(
    'and %s, what is kept stands in for 15 minutes after it was made, though it is outdated or has ended',
    async (_, fail) => {
      const person = await newPerson();
      behind.origin = () => answered({ until_ms: Date.now() + 120_000, body: '"kept"' });
      await read(person);
      behind.origin = fail;
      behind.epochs = { user: 2, tenant: 1 };
      later(60_000);
      const outdated = await read(person);
      expect(outdated).toMatchObject({ status: 200, body: '"kept"' });
      expect(outdated.cache).toMatch(/^edgewise; fwd=stale; ttl=-?\d+; detail=stale-if-error$/);
      expect(outdated.response.headers.get('Age')).toBe('60');
      later(14 * 60_000 - 1);
      expect(await read(person)).toMatchObject({ status: 200, body: '"kept"' });
      later(1);
      expect((await read(person)).status).toBeGreaterThanOrEqual(500);
    },
  );

  test.each(Object.entries(failures))(
    'and %s, with nothing kept, the answer is a problem and is not kept',
    async (_, fail) => {
      const person = await newPerson();
      behind.origin = fail;
      const failed = await read(person);
      expect(failed.status).toBeGreaterThanOrEqual(500);
      expect(failed.response.headers.get('Content-Type')).toBe('application/problem+json');
      expect(failed.response.headers.get('Cache-Control')).toBe('no-store');
      behind.origin = () => answered({ body: '"back"' });
      expect(await read(person)).toMatchObject({ status: 200, body: '"back"' });
    },
  );

  test('a refused signature is our fault, and is not told the caller as theirs', async () => {
    behind.origin = () => problem(401);
    const { status, response } = await read(await newPerson());
    expect([status, response.headers.get('Retry-After')]).toEqual([503, '1']);
  });

  test('an outdated answer is never fresh again, although it was outdated only a moment ago', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochs = { user: 2, tenant: 1 };
    behind.origin = () => problem(503);
    later(5_000);
    expect((await read(person)).cache).toContain('hit');
    await until(() => originCalls() === 2);
    await until(async () => (await read(person)).cache?.includes('stale-if-error'));
  });

  test('a problem of the asker is passed on as it is, and ends what was kept', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochs = { user: 2, tenant: 1 };
    behind.origin = () => problem(404, { 'Retry-After': '7', 'Set-Cookie': 'a=b' });
    later(60_000);
    const { status, response, body } = await read(person);
    expect([status, body]).toEqual([404, '{"type":"urn:edgewise:problem:test","status":404}']);
    expect(response.headers.get('Retry-After')).toBe('7');
    expect(response.headers.get('Set-Cookie')).toBeNull();
    behind.origin = () => problem(503);
    later(5_000);
    expect((await read(person)).status).toBe(503);
  });
});

describe('a degraded answer', () => {
  const degraded = (ms = 5_000) =>
    answered({ degraded: ['vectors'], until_ms: Date.now() + ms, body: '"degraded"' });

  test('lives only as long as it says, even while the origin fails', async () => {
    const person = await newPerson();
    behind.origin = () => degraded();
    await read(person);
    behind.origin = () => problem(503);
    later(4_999);
    expect((await read(person)).body).toBe('"degraded"');
    later(1);
    expect((await read(person)).status).toBe(503);
  });

  test('never replaces a good one that still holds', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochReader = () => problem(503);
    behind.origin = () => degraded();
    later(60_000);
    expect((await read(person)).body).toBe('{"made":1}');
    expect((await read(person)).cache).toContain('hit');
  });

  test('replaces a good one that is outdated, and gives way to the next good one', async () => {
    const person = await newPerson();
    await read(person);
    behind.epochs = { user: 2, tenant: 1 };
    behind.origin = () => degraded();
    later(60_000);
    expect((await read(person)).body).toBe('"degraded"');
    behind.origin = () => answered({ body: '"good"' });
    later(5_000);
    expect((await read(person)).body).toBe('"good"');
  });
});

describe('equal questions at once', () => {
  /** Holds the origin's answers back until `open`; the answers wait by a timer of their own request. */
  function gate() {
    let shut = true;
    const next = behind.origin;
    behind.origin = async (request) => {
      while (shut) await new Promise((resolve) => setTimeout(resolve, 1));
      return next(request);
    };
    return {
      open: () => {
        shut = false;
      },
    };
  }

  /** Whoever joins a flight sets a timer for the time it may take: that many have joined. */
  const joined = (spy: { mock: { calls: unknown[][] } }) =>
    spy.mock.calls.filter(([, delay]) => delay === 30_100).length;

  test('are one call of the origin', async () => {
    const person = await newPerson();
    const { open } = gate();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const reads = Array.from({ length: 50 }, () => read(person));
    await until(() => joined(timers) === 49);
    open();
    const all = await Promise.all(reads);
    timers.mockRestore();
    expect(originCalls()).toBe(1);
    expect(new Set(all.map(({ body }) => body))).toEqual(new Set(['{"made":1}']));
    expect(all.filter(({ cache }) => cache?.includes('; collapsed')).length).toBe(49);
  });

  test('are one problem where the origin fails', async () => {
    const person = await newPerson();
    behind.origin = () => problem(503);
    const { open } = gate();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const reads = Array.from({ length: 20 }, () => read(person));
    await until(() => joined(timers) === 19);
    open();
    expect((await Promise.all(reads)).every(({ status }) => status === 503)).toBe(true);
    timers.mockRestore();
    expect(originCalls()).toBe(1);
  });

  test('are validated once', async () => {
    const person = await newPerson();
    await read(person);
    later(10_000);
    const all = await Promise.all(Array.from({ length: 50 }, () => read(person)));
    expect(all.every(({ cache }) => cache?.includes('hit'))).toBe(true);
    await until(() => epochReads() === 1);
    expect(originCalls()).toBe(1);
  });

  test('are answered though the one that began is cancelled', async () => {
    const person = await newPerson();
    const { open } = gate();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const leaving = new AbortController();
    const leader = read(person, { signal: leaving.signal });
    await until(() => originCalls() === 1);
    const followers = [read(person), read(person)];
    await until(() => joined(timers) === 2);
    leaving.abort();
    await expect(leader).rejects.toThrow();
    open();
    for (const follower of followers)
      expect(await follower).toMatchObject({ status: 200, body: '{"made":1}' });
    timers.mockRestore();
    expect((await read(person)).cache).toContain('hit');
    expect(originCalls()).toBe(1);
  });
});

describe('a reader who has the answer already', () => {
  test.each(['"v1"', 'W/"v1"', '"v0", "v1"', '"v0",W/"v1" , "v2"', '*', ' * '])(
    'and says so as %s is told 304, without a body',
    async (tag) => {
      const person = await newPerson();
      await read(person);
      for (const method of ['GET', 'HEAD']) {
        const { status, body, response } = await read(person, { method, headers: { 'If-None-Match': tag } });
        expect([status, body, response.headers.get('ETag')]).toEqual([304, '', '"v1"']);
        expect(response.headers.get('Content-Type')).toBeNull();
        expect(response.headers.get('Cache-Control')).toBe('private, no-cache');
        expect(response.headers.get('Vary')).toBe('Authorization, Origin');
      }
    },
  );

  test.each(['"v2"', 'v1', '"V1"', '""', '"v"1"', ''])('but has another, as %s, is given it', async (tag) => {
    const person = await newPerson();
    await read(person);
    expect((await read(person, { headers: { 'If-None-Match': tag } })).status).toBe(200);
  });

  test('and asks on a cold cache is told 304 as well', async () => {
    expect((await read(await newPerson(), { headers: { 'If-None-Match': '"v1"' } })).status).toBe(304);
  });
});

test('HEAD is answered as GET is, without the body', async () => {
  const person = await newPerson();
  const got = await read(person);
  const head = await read(person, { method: 'HEAD' });
  expect([head.status, head.body, head.response.headers.get('ETag')]).toEqual([200, '', '"v1"']);
  expect(head.response.headers.get('Content-Type')).toBe(got.response.headers.get('Content-Type'));
  expect(head.cache).toContain('hit');
});

describe('the trace of a request', () => {
  const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  test('is carried through to the origin', async () => {
    await read(await newPerson(), { headers: { traceparent: TRACE } });
    expect(behind.asked[0]?.headers.get('traceparent')).toBe(TRACE);
  });

  test('is the same in the log as at the origin, whoever began it', async () => {
    const error = vi.spyOn(console, 'error');
    for (const headers of [{}, { traceparent: TRACE }]) {
      behind.origin = () => problem(500);
      await read(await newPerson(), { headers });
      const line = JSON.parse(String(error.mock.calls.at(-1)?.[0])) as { traceparent: string };
      expect(line.traceparent).toBe(behind.asked.at(-1)?.headers.get('traceparent'));
    }
    error.mockRestore();
  });

  test.each([
    undefined,
    '',
    'nonsense',
    TRACE.toUpperCase(),
    `${TRACE}-more`,
    TRACE.replace(/^00/, 'ff'),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  ])('is begun anew where the caller gives %s', async (traceparent) => {
    await read(await newPerson(), traceparent === undefined ? {} : { headers: { traceparent } });
    expect(behind.asked[0]?.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(behind.asked[0]?.headers.get('traceparent')).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });
});

test('the origin is told how long it has, which is no longer than the reader waits', async () => {
  await read(await newPerson());
  expect(behind.asked[0]?.deadline_ms).toBe(30_000);
});
