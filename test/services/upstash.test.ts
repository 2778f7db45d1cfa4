import fc from 'fast-check';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openRedisAnswers } from '#backing/answers/redis.ts';
import { serveApp } from '#backing/http/serve.ts';
import { openCopiedKeys } from '#backing/keys/redis.ts';
import { keyCopyKey, makeApiKey, packKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { answerKey } from '#contract/kept-answer.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { breaker } from '../../edge/breaker.ts';
import { guardedRedis, type RedisTier, redisTier } from '../../edge/cache/redis.ts';
import type { Subject } from '../../edge/cache/subject.ts';
import { copiedKeys, type KeyLookup } from '../../edge/identity/key-lookup.ts';
import { keyVerifier } from '../../edge/identity/verify-key.ts';
import { upstashApp } from '../../infra/services/upstash/app.ts';
import { answerUnder } from '../ports/answers.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { newTenant } from '../support/tenant.ts';
import { onService } from './on-service.ts';

const { signal } = new AbortController();
const TOKEN = 'a-token';
const SECRET = { id: 'p1', secret: Buffer.alloc(32, 7).toString('base64url') };
/** A database of the server that these tests have to themselves. */
const DATABASE = '8';

onService({ name: 'Redis', variable: 'REDIS_URL', up: 'redis' }, (server) => {
  const address = new URL(DATABASE, server.endsWith('/') ? server : `${server}/`).href;

  /** The REST front before an emptied database, by way of a proxy that can fail. */
  async function front() {
    const redis = new Redis(address, { protocol: 2 });
    await redis.flushdb();
    const served = await serveApp(upstashApp({ redis, token: TOKEN }), {
      hostname: '127.0.0.1',
      port: 0,
      grace_ms: 0,
    });
    const proxy = await faultProxy({ host: '127.0.0.1', port: Number(new URL(served.url).port) });
    onTestFinished(async () => {
      await proxy.close();
      await served.close();
      redis.disconnect();
    });
    return { redis, proxy, url: `http://127.0.0.1:${proxy.port}` };
  }

  /** The edge's tier over REST, and the origin's adapter, on one Redis. */
  async function both({
    clock = Date.now,
    deadline_ms = 2_000,
  }: {
    clock?: Clock;
    deadline_ms?: number;
  } = {}) {
    const { redis, proxy, url } = await front();
    const edge = redisTier({ url, token: TOKEN, deadline_ms, clock });
    const origin = await openRedisAnswers({ url: address, clock, command_ms: 2_000, report: () => {} });
    onTestFinished(origin.close);
    const owner = { tenant_id: newTenant(), user_id: 'ada' };
    const subject = { ...owner, key: 'a key' };
    return { redis, proxy, url, edge, origin, owner, subject };
  }

  const good = (epochs: { user: number; tenant: number }, fields = {}) =>
    answerUnder(epochs, { until_ms: Date.now() + 60_000, ...fields });

  describe('a copy of an API key', () => {
    /** The edge's lookup over REST, and the origin's keys, on one Redis; `asked` counts how often the origin was. */
    async function keysOn() {
      const { redis, proxy, url } = await front();
      const stored = (await embeddedStores()).apiKeys;
      const keys = openCopiedKeys({ keys: stored, url: address, clock: Date.now, report: () => {} });
      onTestFinished(() => keys.close());
      const [pepper] = (await importKeys([SECRET])) as [Key];
      const about = { tenant_id: newTenant(), name: 'Größe ✓', scopes: ['admin' as const], expires_at: null };
      const { token, key } = await makeApiKey({ ...about, created_at: new Date().toISOString() }, pepper);
      await keys.add(key, signal);
      // The connection is there once a copy is.
      await expect
        .poll(async () => (await keys.get(key.key_id, signal)) && redis.exists(keyCopyKey(key.key_id)))
        .toBe(1);
      const told = { asked: 0, lines: [] as unknown[] };
      const origin: KeyLookup = async (key_id) => {
        told.asked++;
        const read_ms = Date.now();
        const found = await keys.get(key_id, signal);
        return found && { key: found, read_ms };
      };
      const tier = redisTier({ url, token: TOKEN, deadline_ms: 2_000, clock: Date.now });
      const log = (line: unknown) => void told.lines.push(line);
      const lookup = copiedKeys({ redis: tier, origin, log });
      const verify = () => keyVerifier({ lookup, peppers: [SECRET], clock: Date.now })(token, () => {});
      return { redis, proxy, keys, key, told, lookup, verify };
    }

    test('that the origin leaves is what the edge believes, without asking the origin', async () => {
      const { key, told, lookup, verify } = await keysOn();
      expect((await lookup(key.key_id))?.key).toEqual(key);
      expect((await verify()).caller).toMatchObject({ tenant_id: key.tenant_id, subject: null });
      expect(told).toEqual({ asked: 0, lines: [] });
    });

    test('that was revoked says so to an edge that has not heard of it, at once', async () => {
      const { keys, key, told, verify } = await keysOn();
      await keys.revoke(key.tenant_id, key.key_id, new Date().toISOString(), signal);
      await expect(verify()).rejects.toMatchObject({
        kind: 'unauthenticated',
        message: expect.stringContaining('revoked'),
      });
      expect(told.asked).toBe(0);
    });

    test('that is lost, garbage or of another key is asked of the origin, which leaves it again', async () => {
      const { redis, key, told, lookup } = await keysOn();
      const at = keyCopyKey(key.key_id);
      const other = packKey({ key: { ...key, key_id: 'f'.repeat(16) }, read_ms: Date.now() });
      for (const garbage of [null, 'garbage', other, packKey({ key, read_ms: Date.now() - 60_000 })]) {
        if (garbage === null) await redis.del(at);
        else await redis.set(at, garbage);
        expect((await lookup(key.key_id))?.key).toEqual(key);
      }
      expect(told.asked).toBe(4);
      expect((await lookup(key.key_id))?.key).toEqual(key);
      expect(told.asked).toBe(4);
      expect(await lookup('0'.repeat(16))).toBeNull();
      expect(told.asked).toBe(5);
    });

    test('is asked of the origin while Redis is gone, and no line tells what it is checked by', async () => {
      const { proxy, key, told, lookup, verify } = await keysOn();
      await proxy.close();
      expect((await lookup(key.key_id))?.key).toEqual(key);
      expect((await verify()).caller.tenant_id).toBe(key.tenant_id);
      expect(told.asked).toBe(2);
      expect(told.lines).toMatchObject([{ event: 'redis_failed', code: 'redis_unavailable' }, {}]);
      expect(JSON.stringify(told.lines)).not.toContain(key.digest);
    });
  });

  describe("the edge's tier and the origin's adapter agree", () => {
    test('an answer that the origin keeps is what the edge reads, whatever its text', async () => {
      const { edge, origin, owner, subject } = await both();
      const epochs = await origin.read(owner.tenant_id, owner.user_id, signal);
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (body, etag) => {
          const answer = good(epochs, { body, etag });
          await origin.put(owner, subject.key, answer, signal);
          expect(await edge.get(subject)).toEqual({ epochs, answer });
        }),
        {
          numRuns: 100,
          examples: [
            ['OK', '"OK"'],
            ['"', '\n'],
            ['12', 'null'],
          ],
        },
      );
    });

    test('an answer that the edge gives back is what the origin reads, and it leaves by itself', async () => {
      const { redis, edge, origin, owner, subject } = await both();
      const { epochs, answer: nothing } = await edge.get(subject);
      const answer = good(epochs, { body: '{"title":"Grüße ✓ \\u2028 😀"}' });
      await edge.restore(subject, answer);
      expect(nothing).toBeNull();
      expect(await origin.get(owner, subject.key, signal)).toEqual({ epochs, answer });
      expect(await redis.pttl(await answerKey(subject.key))).toBeGreaterThan(0);
    });

    test("an answer given back never replaces the origin's, and a degraded or ended one is not given back", async () => {
      const { edge, origin, owner, subject } = await both();
      const { epochs } = await edge.get(subject);
      await edge.restore(subject, good(epochs, { degraded: ['vectors'] }));
      await edge.restore(subject, good(epochs, { until_ms: Date.now() }));
      expect((await edge.get(subject)).answer).toBeNull();
      await origin.put(owner, subject.key, good(epochs, { body: 'newer' }), signal);
      await edge.restore(subject, good(epochs, { body: 'older' }));
      expect((await origin.get(owner, subject.key, signal)).answer?.body).toBe('newer');
    });

    test('both read the same epochs, raised or never, of a person and of the tenant alone', async () => {
      const { edge, origin, owner, subject } = await both();
      const ofTenant = { ...owner, user_id: null };
      const agree = async () => {
        for (const one of [owner, ofTenant]) {
          const read = await origin.read(one.tenant_id, one.user_id, signal);
          expect((await edge.get({ ...subject, ...one })).epochs).toEqual(read);
        }
      };
      await agree();
      for (const raised of [owner, ofTenant, owner]) {
        await origin.raise([raised], signal);
        await agree();
      }
    });

    test('the floor is the same, whoever sets it', async () => {
      const { redis, edge, origin, owner, subject } = await both();
      for (const first of ['edge', 'origin']) {
        await redis.flushdb();
        if (first === 'origin') await origin.read(owner.tenant_id, owner.user_id, signal);
        const { epochs } = await edge.get(subject);
        expect(await origin.read(owner.tenant_id, owner.user_id, signal)).toEqual(epochs);
      }
    });

    test("one person's or tenant's answers and epochs are never another's", async () => {
      const { edge, origin, owner, subject } = await both();
      const { epochs } = await edge.get(subject);
      await origin.put(owner, subject.key, good(epochs), signal);
      await origin.raise([owner], signal);
      for (const other of [
        { ...subject, user_id: 'eve' },
        { ...subject, tenant_id: newTenant() },
      ]) {
        expect((await edge.get({ ...other, key: 'another key' })).answer).toBeNull();
        expect((await edge.get(other)).epochs).toEqual(epochs);
      }
    });
  });

  describe('a Redis that fails', () => {
    const failing = async (edge: RedisTier, subject: Subject) => {
      const error = await edge.get(subject).then(
        () => expect.fail('It answered'),
        (cause: Error) => cause,
      );
      expect(error).toMatchObject({ code: 'redis_unavailable', retryable: true });
      expect([error.message, JSON.stringify(error), String(error.cause)].join()).not.toContain('a key');
      expect(error.stack).not.toContain(subject.tenant_id);
    };

    test('by a black hole, a cut or a refusal fails with a code, naming no key, and is used again once it is back', async () => {
      const { proxy, edge, subject } = await both({ deadline_ms: 200 });
      await edge.get(subject);
      proxy.blackHole();
      await failing(edge, subject);
      proxy.heal();
      await expect
        .poll(() =>
          edge.get(subject).then(
            () => 'answers',
            () => 'fails',
          ),
        )
        .toBe('answers');
      proxy.refuse();
      await failing(edge, subject);
      proxy.heal();
      await expect
        .poll(() =>
          edge.get(subject).then(
            () => 'answers',
            () => 'fails',
          ),
        )
        .toBe('answers');
    });

    test('by what its values hold: an answer that is none of ours is none, epochs that are no numbers are unknown', async () => {
      const { redis, edge, subject } = await both();
      const { epochs } = await edge.get(subject);
      const stored = await answerKey(subject.key);
      for (const text of [
        'garbage',
        'g 1 1 99999999999999\n',
        'g 1 1 99999999999999\n{"format":1}',
        'OK',
        '[]',
      ]) {
        await redis.set(stored, text);
        expect(await edge.get(subject)).toEqual({ epochs, answer: null });
      }
      await redis.set('edgewise:floor', 'garbage');
      await failing(edge, subject);
    });

    test('by a wrong token fails like any other', async () => {
      const { url, subject } = await both();
      const edge = redisTier({ url, token: 'wrong', deadline_ms: 2_000, clock: Date.now });
      await failing(edge, subject);
    });
  });

  describe('behind a breaker', () => {
    /** A server of HTTP that says whatever it is told to. */
    async function says(body: string) {
      let asked = 0;
      const fetch = () => {
        asked++;
        return new Response(body, { headers: { 'Content-Type': 'application/json' } });
      };
      const served = await serveApp({ fetch }, { hostname: '127.0.0.1', port: 0, grace_ms: 0 });
      onTestFinished(() => served.close());
      return { url: served.url, asked: () => asked };
    }

    function guarded(tier: RedisTier) {
      const state = { now_ms: 0 };
      const guard = breaker({
        name: 'redis',
        clock: () => state.now_ms,
        random: () => 0,
        log: () => {},
        failures: 3,
        shortest_ms: 1_000,
        longest_ms: 30_000,
        probe_ms: 5_000,
      });
      const { get } = guardedRedis(tier, guard);
      const code = (subject: Subject) =>
        get(subject).then(
          () => 'answers',
          (error) => error.code as string,
        );
      return { state, code };
    }

    test.each(['black-holed', 'slow'] as const)(
      'a Redis that is %s costs three waits, then none, and is used again once it is back',
      async (how) => {
        const { proxy, edge, subject } = await both({ deadline_ms: 100 });
        const { state, code } = guarded(edge);
        expect(await code(subject)).toBe('answers');
        if (how === 'slow') proxy.delay(60_000);
        else proxy.blackHole();
        for (let times = 0; times < 3; times++) expect(await code(subject)).toBe('redis_unavailable');
        for (let times = 0; times < 100; times++) expect(await code(subject)).toBe('breaker_open');
        proxy.heal();
        proxy.cut();
        // The next call may still meet a connection that was cut, by which the breaker is open for longer.
        await vi.waitFor(async () => {
          state.now_ms += 30_000;
          expect(await code(subject)).toBe('answers');
        });
        expect(await code(subject)).toBe('answers');
      },
    );

    test.each([
      '',
      '<html>',
      'null',
      '[]',
      '{}',
      '{"result":"text"}',
      '{"result":[]}',
      '{"result":[1,2,3,4]}',
      '{"result":["1","1","x",null]}',
      '{"result":["1","1",["1"],null]}',
      '{"error":"ERR no"}',
    ])('a Redis that answers %j is asked three times', async (body) => {
      const { url, asked } = await says(body);
      const { code } = guarded(redisTier({ url, token: TOKEN, deadline_ms: 2_000, clock: Date.now }));
      const subject = { key: 'k', tenant_id: 't', user_id: 'u' };
      for (let times = 0; times < 3; times++) expect(await code(subject)).toBe('redis_unavailable');
      const before = asked();
      expect(await code(subject)).toBe('breaker_open');
      expect(asked()).toBe(before);
    });
  });

  describe('the REST front', () => {
    const post = (url: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
      });
    const asked = async (...given: Parameters<typeof post>) => {
      const response = await post(...given);
      return [response.status, await response.json()];
    };

    test('lets nobody in without the token', async () => {
      const { url } = await front();
      for (const Authorization of ['', 'Bearer', 'Bearer wrong', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
        const [status] = await asked(url, '/', ['PING'], { Authorization });
        expect(status).toBe(401);
      }
      expect(await asked(url, '/', ['PING'])).toEqual([200, { result: 'PONG' }]);
    });

    test('runs a command, a pipeline in which each fails for itself, and a transaction', async () => {
      const { url } = await front();
      expect(await asked(url, '/', ['SET', 'a', 1])).toEqual([200, { result: 'OK' }]);
      expect(await asked(url, '/', ['HSET', 'h', 'f', 'v'])).toEqual([200, { result: 1 }]);
      expect(await asked(url, '/', ['HGETALL', 'h'])).toEqual([200, { result: ['f', 'v'] }]);
      expect(
        await asked(url, '/pipeline', [
          ['GET', 'a'],
          ['INCR', 'h'],
          ['GET', 'none'],
        ]),
      ).toEqual([200, [{ result: '1' }, { error: expect.stringContaining('WRONGTYPE') }, { result: null }]]);
      expect(
        await asked(url, '/multi-exec', [
          ['INCR', 'a'],
          ['INCR', 'h'],
          ['MGET', 'a', 'none'],
        ]),
      ).toEqual([
        200,
        [{ result: 2 }, { error: expect.stringContaining('WRONGTYPE') }, { result: ['2', null] }],
      ]);
      const [status, body] = await asked(url, '/multi-exec', [['INCR', 'a'], ['NO-SUCH']]);
      expect([status, body]).toEqual([400, { error: expect.stringMatching(/EXECABORT.*unknown command/) }]);
      expect(await asked(url, '/', ['GET', 'a'])).toEqual([200, { result: '2' }]);
    });

    test('has every string in base64 where that is asked for, nested too, and only a lone OK plain', async () => {
      const { url } = await front();
      const base64 = { 'Upstash-Encoding': 'base64' };
      const of = (text: string) => Buffer.from(text).toString('base64');
      expect(await asked(url, '/', ['SET', 'k', 'héllo'], base64)).toEqual([200, { result: 'OK' }]);
      expect(await asked(url, '/', ['GET', 'k'], base64)).toEqual([200, { result: of('héllo') }]);
      const script = ['EVAL', "return {1, 'OK', {KEYS[1]}}", 1, 'k'];
      expect(await asked(url, '/', script, base64)).toEqual([200, { result: [1, of('OK'), [of('k')]] }]);
    });

    test('answers what it cannot read or will not take with JSON that says why', async () => {
      const { url } = await front();
      for (const [path, body] of [
        ['/', 'nonsense'],
        ['/', []],
        ['/', [{}]],
        ['/pipeline', {}],
        ['/multi-exec', [['INCR', 'a'], []]],
        ['/', ['BLPOP', 'l', 0]],
        ['/', ['shutdown']],
        ['/', ['NO-SUCH']],
      ] as const) {
        const [status, answer] = await asked(url, path, body);
        expect([status, answer]).toEqual([400, { error: expect.any(String) }]);
      }
      expect((await asked(url, '/elsewhere', []))[0]).toBe(404);
      expect((await asked(url, '/', 'x'.repeat(11 * 1024 * 1024)))[0]).toBe(413);
    });
  });
});
