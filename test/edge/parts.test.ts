import { describe, expect, test } from 'vitest';
import { importKeys, verify } from '#contract/signature.ts';
import { readBytes } from '../../edge/body.ts';
import { originEpochs } from '../../edge/cache/epochs.ts';
import { flights } from '../../edge/cache/flights.ts';
import { answerMemory } from '../../edge/cache/memory.ts';
import { BadConfiguration, type Issuer, readConfig } from '../../edge/config.ts';
import { identifier } from '../../edge/identity/identify.ts';
import { keySets } from '../../edge/identity/key-sets.ts';
import { tokenVerifier } from '../../edge/identity/verify-token.ts';
import { BINDINGS } from '../../edge/limits/tiers.ts';
import { misconfigured } from '../../edge/misconfigured.ts';
import { originClient } from '../../edge/origin.ts';
import { signedFetch } from '../../edge/signed-fetch.ts';
import { rightEnv } from './support/edge.ts';
import { AUDIENCE, ISSUER, issuers, jwks, TENANT, token } from './support/tokens.ts';

const silent = () => {};

describe('the configuration', () => {
  function wrongIn(change: Record<string, unknown>): readonly string[] {
    try {
      readConfig({ ...rightEnv, ...change });
      return [];
    } catch (error) {
      if (error instanceof BadConfiguration) return error.fields;
      throw error;
    }
  }

  const issuer = (change: Record<string, unknown>) => ({
    ISSUERS: JSON.stringify([
      { issuer: 'https://i.test', tenants: ['t'], audience: 'a', algorithms: ['ES256'], jwks, ...change },
    ]),
  });
  const uri = (jwks_uri: string) => issuer({ jwks: undefined, jwks_uri });
  const deployed = {
    ENVIRONMENT: 'production',
    KEY_PEPPERS: JSON.stringify([{ id: 'p', secret: 'p'.repeat(43) }]),
    ...Object.fromEntries(BINDINGS.map((name) => [name, { limit: async () => ({ success: true }) }])),
    ORIGIN_URL: 'https://o.test',
    GATEWAY_URL: 'https://g.test',
    ...uri('https://i.test/jwks'),
  };

  test('that is right is read', () => {
    expect(wrongIn({})).toEqual([]);
    expect(wrongIn(deployed)).toEqual([]);
    expect(readConfig({ ...rightEnv, READ_DEADLINE_MS: undefined }).read_deadline_ms).toBe(800);
    expect(readConfig(rightEnv)).toMatchObject({ redis: null, colo_cache: true });
    const redis = { UPSTASH_REDIS_REST_URL: 'http://r.test:8', UPSTASH_REDIS_REST_TOKEN: 't' };
    expect(readConfig({ ...rightEnv, ...redis, COLO_CACHE: 'off' })).toMatchObject({
      redis: { url: 'http://r.test:8', token: 't', deadline_ms: 150 },
      colo_cache: false,
    });
  });

  test.each([
    ['an unknown environment', { ENVIRONMENT: 'moon' }, ['ENVIRONMENT']],
    ['an address that is none', { ORIGIN_URL: 'origin' }, ['ORIGIN_URL']],
    ['an address with a path', { GATEWAY_URL: 'http://g.test/v1' }, ['GATEWAY_URL']],
    ['an address of another kind', { GATEWAY_URL: 'ftp://g.test/' }, ['GATEWAY_URL']],
    ['keys that are no JSON', { ORIGIN_KEYS: 'secret' }, ['ORIGIN_KEYS']],
    ['no keys', { ORIGIN_KEYS: '[]' }, ['ORIGIN_KEYS']],
    ['a short secret', { GATEWAY_KEYS: '[{"id":"g","secret":"c2hvcnQ"}]' }, ['GATEWAY_KEYS']],
    ['one key for both', { GATEWAY_KEYS: rightEnv.ORIGIN_KEYS }, ['GATEWAY_KEYS']],
    ['no issuer', { ISSUERS: '[]' }, ['ISSUERS']],
    ['an issuer without keys', issuer({ jwks: undefined }), ['ISSUERS']],
    ['an issuer with keys in two places', issuer({ jwks_uri: 'https://i.test/jwks' }), ['ISSUERS']],
    ['an issuer with a symmetric algorithm', issuer({ algorithms: ['HS256'] }), ['ISSUERS']],
    [
      'an issuer with a private key',
      issuer({ jwks: { keys: [{ kty: 'EC', kid: 'k', d: 'x' }] } }),
      ['ISSUERS'],
    ],
    ['an issuer twice', { ISSUERS: JSON.stringify([issuers[0], issuers[0]]) }, ['ISSUERS']],
    ['an issuer with a field nobody knows', issuer({ tenant: 't' }), ['ISSUERS']],
    ['a deadline in words', { READ_DEADLINE_MS: 'soon' }, ['READ_DEADLINE_MS']],
    ['a deadline out of range', { READ_DEADLINE_MS: '49' }, ['READ_DEADLINE_MS']],
    ['a Redis without its token', { UPSTASH_REDIS_REST_URL: 'http://r.test' }, ['UPSTASH_REDIS_REST_TOKEN']],
    ['a token without its Redis', { UPSTASH_REDIS_REST_TOKEN: 't' }, ['UPSTASH_REDIS_REST_URL']],
    [
      'a Redis by another protocol',
      { UPSTASH_REDIS_REST_URL: 'redis://r.test', UPSTASH_REDIS_REST_TOKEN: 't' },
      ['UPSTASH_REDIS_REST_URL'],
    ],
    [
      'a Redis by plain HTTP in production',
      { ...deployed, UPSTASH_REDIS_REST_URL: 'http://r.test', UPSTASH_REDIS_REST_TOKEN: 't' },
      ['UPSTASH_REDIS_REST_URL'],
    ],
    [
      'a token that no header can hold',
      { UPSTASH_REDIS_REST_URL: 'http://r.test', UPSTASH_REDIS_REST_TOKEN: 'a b' },
      ['UPSTASH_REDIS_REST_TOKEN'],
    ],
    ['a deadline of Redis out of range', { REDIS_DEADLINE_MS: '9' }, ['REDIS_DEADLINE_MS']],
    ['a cache that is neither on nor off', { COLO_CACHE: 'yes' }, ['COLO_CACHE']],
    ['several faults', { ENVIRONMENT: undefined, ISSUERS: undefined }, ['ENVIRONMENT', 'ISSUERS']],
    ['the development issuer in production', { ...deployed, ISSUERS: rightEnv.ISSUERS }, ['ISSUERS']],
    [
      'the development issuer in staging',
      { ...deployed, ENVIRONMENT: 'staging', ...issuer({ issuer: ISSUER }) },
      ['ISSUERS'],
    ],
    ['plain HTTP in production', { ...deployed, ORIGIN_URL: 'http://o.test' }, ['ORIGIN_URL']],
    ['keys by plain HTTP in production', { ...deployed, ...uri('http://i.test/jwks') }, ['ISSUERS']],
  ])('with %s is refused, and says which field', (_, change, fields) => {
    expect(wrongIn(change)).toEqual(fields);
  });

  test('that is wrong is told to each request and once to the log, by the names of its fields and never their values', async () => {
    const lines: unknown[] = [];
    let failure: unknown;
    try {
      readConfig({ ...rightEnv, ORIGIN_KEYS: '[{"id":"o","secret":"hunter2"}]' });
    } catch (error) {
      failure = error;
    }
    const { fetch } = misconfigured(failure, (line) => lines.push(line));
    for (const path of ['/v1/health', '/v1/nothing']) {
      const response = fetch(new Request(`http://edge.test${path}`));
      const body = await response.text();
      expect(response.status).toBe(500);
      expect(body).toContain('ORIGIN_KEYS');
      expect(body).not.toContain('hunter2');
    }
    expect(lines.length).toBe(1);
    expect(JSON.stringify(lines)).toContain('ORIGIN_KEYS');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

describe('equal loads at once', () => {
  const options = () => {
    const registered: Promise<unknown>[] = [];
    return {
      waitUntil: (work: Promise<unknown>) => void registered.push(work),
      patience_ms: 60_000,
      registered,
    };
  };

  test('are one, which is registered so that it outlives who began it', async () => {
    const { share, has } = flights<number>();
    const given = options();
    let loads = 0;
    const all = await Promise.all(Array.from({ length: 50 }, () => share('k', async () => ++loads, given)));
    expect(all.map(({ value }) => value)).toEqual(Array(50).fill(1));
    expect(all.filter(({ joined }) => joined).length).toBe(49);
    expect(given.registered.length).toBe(1);
    expect(has('k')).toBe(false);
  });

  test('of other keys are others, and a later one is another', async () => {
    const { share } = flights<number>();
    let loads = 0;
    const load = async () => ++loads;
    await Promise.all([share('a', load, options()), share('b', load, options())]);
    await share('a', load, options());
    expect(loads).toBe(3);
  });

  test('fail alike, and leave nothing behind', async () => {
    const { share, has } = flights<number>();
    const given = options();
    const fail = async () => {
      throw new Error('no');
    };
    const all = await Promise.allSettled([share('k', fail, given), share('k', fail, given)]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await Promise.all(given.registered);
    expect(has('k')).toBe(false);
    expect((await share('k', async () => 7, given)).value).toBe(7);
  });

  test('that hang for good keep nobody: the first to lose patience loads for all who wait', async () => {
    const { share } = flights<number>();
    void share('k', () => new Promise<number>(() => {}), options());
    let loads = 0;
    const load = async () => ++loads;
    const followers = Array.from({ length: 5 }, () => share('k', load, { ...options(), patience_ms: 1 }));
    for (const { value } of await Promise.all(followers)) expect(value).toBeLessThanOrEqual(loads);
    expect(loads).toBeLessThanOrEqual(5);
    expect((await share('k', load, options())).joined).toBe(false);
  });

  test('that hang one after another end with each loading for itself', async () => {
    const { share } = flights<number>();
    const hang = () => new Promise<number>(() => {});
    void share('k', hang, options());
    const once = share('k', hang, { ...options(), patience_ms: 1 });
    expect((await share('k', async () => 7, { ...options(), patience_ms: 2 })).value).toBe(7);
    void once;
  });
});

describe('the memory for answers', () => {
  const epochs = { user: 1, tenant: 1 };
  const entry = (body: string) => ({
    answer: { format: 1 as const, body, etag: '"e"', epochs, created_ms: 0, until_ms: 1, degraded: [] },
    validated_ms: 0,
  });

  test('holds no more bytes than it may: those least lately used leave first', () => {
    const memory = answerMemory(10_000);
    const body = 'x'.repeat(1_488 - 2);
    for (const key of ['k1', 'k2', 'k3', 'k4', 'k5']) memory.set(key, entry(body));
    memory.get('k1');
    memory.set('k6', entry(body));
    expect(['k1', 'k2', 'k3', 'k6'].map((key) => memory.get(key) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  test('counts two bytes a character where one of them is beyond Latin-1', () => {
    const memory = answerMemory(10_000);
    memory.set('latin', entry('é'.repeat(6_000)));
    memory.set('greek', entry('λ'.repeat(6_000)));
    expect([memory.get('latin') !== undefined, memory.get('greek')]).toEqual([true, undefined]);
  });
});

test('a stream is read to its limit and not a byte further', async () => {
  const stream = (length: number) => new Blob(['x'.repeat(length)]).stream();
  expect((await readBytes(stream(10), 10)).length).toBe(10);
  await expect(readBytes(stream(11), 10)).rejects.toMatchObject({ kind: 'too-large', status: 413 });
  expect((await readBytes(null, 10)).length).toBe(0);
});

describe('a signed request', () => {
  const { origin_url: base, origin_keys: keys } = readConfig(rightEnv);
  const caller = { tenant_id: TENANT, subject: 'me', scopes: [] };
  const question = {
    method: 'GET',
    path: '/v1/campaigns/c-1',
    caller,
    traceparent: 't',
    deadline_ms: 60_000,
  } as const;
  type Fetch = typeof globalThis.fetch;
  const sender = (fetch: Fetch) =>
    signedFetch({ name: 'origin', base, keys, fetch, clock: Date.now, log: silent });

  /** Answers never, and rejects when the signal says so, as fetch does. */
  const hang: Fetch = (_, init) =>
    new Promise((_, reject) => {
      const signal = init?.signal;
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });

  test('that is not answered before its deadline is out of time', async () => {
    const ask = originClient(sender(hang));
    await expect(ask({ ...question, deadline_ms: 1 })).rejects.toMatchObject({
      kind: 'out-of-time',
      status: 504,
    });
  });

  test('whose answer breaks off at the deadline is out of time', async () => {
    const ask = originClient(
      sender(async (_, init) => {
        const body = new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{'));
            init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
          },
        });
        return new Response(body, { headers: { 'Content-Type': 'application/json' } });
      }),
    );
    await expect(ask({ ...question, deadline_ms: 1 })).rejects.toMatchObject({ kind: 'out-of-time' });
  });

  test('for which no time is left is not sent', async () => {
    let sent = 0;
    const ask = originClient(sender(async () => Response.json(++sent)));
    await expect(ask({ ...question, deadline_ms: 0 })).rejects.toMatchObject({ kind: 'out-of-time' });
    expect(sent).toBe(0);
  });

  test('whose answer is larger than any of ours is unavailable', async () => {
    const ask = originClient(sender(async () => Response.json('x'.repeat(3 * 1024 * 1024))));
    await expect(ask(question)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('for epochs is given up when its reader gives up', async () => {
    await expect(originEpochs(sender(hang)).read(TENANT, 'me', AbortSignal.abort())).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  test('for epochs asks for the edge itself, and answers only epochs', async () => {
    const seen: URL[] = [];
    const { read } = originEpochs(
      sender(async (input, init) => {
        const request = new Request(input, init);
        const url = new URL(request.url);
        const signed = { method: request.method, url, headers: request.headers, body: null };
        expect((await verify(signed, await importKeys(keys), Date.now())).caller).toEqual({
          ...caller,
          subject: null,
        });
        seen.push(url);
        return url.search ? Response.json({ user: 5, tenant: 6 }) : Response.json({ user: '5', tenant: 6 });
      }),
    );
    const { signal } = new AbortController();
    expect(await read(TENANT, 'a&b', signal)).toEqual({ user: 5, tenant: 6 });
    await expect(read(TENANT, null, signal)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(seen.map(({ search }) => search)).toEqual(['?user_id=a%26b', '']);
  });
});

describe('the keys of an issuer, at an address', () => {
  const issuer: Issuer = {
    issuer: ISSUER,
    tenants: [TENANT],
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwks_uri: new URL('https://i.test/jwks'),
  };

  function world() {
    const state = {
      now_ms: 1_800_000_000_000,
      fetches: 0,
      published: jwks as unknown,
      up: true,
      hang: false,
    };
    const fetch = async () => {
      state.fetches++;
      if (state.hang) return new Promise<Response>(() => {});
      if (!state.up) throw new TypeError('Network connection lost.');
      return Response.json(state.published);
    };
    const clock = () => state.now_ms;
    const sets = keySets({ fetch, clock, log: silent });
    return { state, clock, sets, of: (kid = 'k1') => sets.of(issuer, kid, silent) };
  }

  test('are had once, by however many at once, and remembered for 5 minutes', async () => {
    const { state, of } = world();
    await Promise.all(Array.from({ length: 20 }, () => of()));
    state.now_ms += 239_999;
    await of();
    expect(state.fetches).toBe(1);
    state.now_ms += 60_001;
    await of();
    expect(state.fetches).toBe(2);
  });

  test('are asked for ahead of their end, once, and nobody waits for that', async () => {
    const { state, of } = world();
    await of();
    state.now_ms += 240_000;
    state.hang = true;
    for (let tokens = 0; tokens < 10; tokens++) {
      expect((await of()).jwks().keys.map(({ kid }) => kid)).toEqual(['k1', 'rsa']);
    }
    expect(state.fetches).toBe(2);
  });

  test('are not believed for more than a day while they cannot be had', async () => {
    const { state, of } = world();
    await of();
    state.up = false;
    state.now_ms += 24 * 3600_000 - 1;
    await of();
    state.now_ms += 1;
    await expect(of()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('are remembered for longer while they cannot be had, and asked for at most every 30 s', async () => {
    const { state, of } = world();
    await of();
    state.up = false;
    state.now_ms += 300_000;
    for (const fetches of [2, 2, 2]) {
      await of();
      expect(state.fetches).toBe(fetches);
    }
    state.now_ms += 30_000;
    await of();
    expect(state.fetches).toBe(3);
  });

  test('are asked for anew where one is missing, at most once in 30 s', async () => {
    const { state, of } = world();
    await of();
    for (let tokens = 0; tokens < 10; tokens++) await of('unheard-of');
    expect(state.fetches).toBe(1);
    state.now_ms += 30_000;
    for (let tokens = 0; tokens < 10; tokens++) await of('unheard-of');
    expect(state.fetches).toBe(2);
  });

  test('that were never had make it unavailable, which is not to say that the token is bad', async () => {
    const { state, of } = world();
    state.up = false;
    await expect(of()).rejects.toMatchObject({ kind: 'unavailable', headers: { 'Retry-After': '1' } });
    state.up = true;
    state.now_ms += 1_000;
    await of();
  });

  test('are not replaced by what are no keys', async () => {
    const { state, of } = world();
    await of();
    state.published = { keys: [{ kty: 'oct', kid: 'k1', k: 'AAAA' }] };
    state.now_ms += 300_000;
    expect((await of()).jwks().keys.map(({ kid }) => kid)).toEqual(['k1', 'rsa']);
  });

  test('verify a token, which is believed for a minute without looking again', async () => {
    const { state, clock, sets } = world();
    state.now_ms = Date.now();
    let verified = 0;
    const verify = tokenVerifier({ issuers: [issuer], keySets: sets, clock });
    const identify = identifier({
      clock,
      verifyToken: (...given) => {
        verified++;
        return verify(...given);
      },
      verifyKey: verify,
    });
    const headers = new Headers({ Authorization: `Bearer ${await token('me')}` });
    for (const [wait_ms, times] of [
      [0, 1],
      [59_999, 1],
      [1, 2],
    ] as const) {
      state.now_ms += wait_ms;
      expect((await identify(headers, silent)).subject).toBe('me');
      expect(verified).toBe(times);
    }
  });
});
