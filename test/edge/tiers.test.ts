import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import { type Epochs, raised } from '#contract/epoch.ts';
import { Problem } from '#contract/problem.ts';
import { breaker } from '../../edge/breaker.ts';
import { answerCache } from '../../edge/cache/answers.ts';
import { cacheStatus } from '../../edge/cache/cache-status.ts';
import { coloCache } from '../../edge/cache/colo.ts';
import { answerMemory } from '../../edge/cache/memory.ts';
import { type Entry, FRESH_MS, outdated, SERVABLE_MS } from '../../edge/cache/policy.ts';
import { guardedRedis, type RedisTier } from '../../edge/cache/redis.ts';
import { refusalMemory } from '../../edge/cache/refusals.ts';
import type { Reply } from '../../edge/origin.ts';

const NOW = 1_800_000_000_000;
const DEGRADED_MS = 5_000;
const SUBJECT = { key: 'k', tenant_id: 't', user_id: 'u' };
const silent = () => {};

/** The cache of a data centre by the faked clock: it keeps what says `public, max-age`, and for so long. */
function fakeColo(clock: () => number) {
  const kept = new Map<string, { body: string; until_ms: number }>();
  return {
    kept,
    open: async () => ({
      match: async (key: RequestInfo | URL) => {
        const found = kept.get(String(key));
        return found && clock() < found.until_ms ? new Response(found.body) : undefined;
      },
      put: async (key: RequestInfo | URL, response: Response) => {
        const max_age = /^public, max-age=(\d+)$/.exec(response.headers.get('Cache-Control') ?? '')?.[1];
        if (!max_age) throw new TypeError('It would not be kept');
        kept.set(String(key), { body: await response.text(), until_ms: clock() + Number(max_age) * 1000 });
      },
      delete: async (key: RequestInfo | URL) => kept.delete(String(key)),
    }),
  };
}

/** Isolates in data centres before one Redis and one origin, all by one clock, and one question. */
function world({ isolates = 4, colos = 2 }: { isolates?: number; colos?: number } = {}) {
  const state = {
    now_ms: NOW,
    epochs: { user: 1, tenant: 1 } as Epochs,
    /** When each pair of epochs was replaced by the next. */
    ended: new Map<string, number>(),
    redis: 'up' as 'up' | 'down' | 'garbage',
    origin: 'up' as 'up' | 'down' | 'degraded' | 'gone',
    stored: null as Answer | null,
    made: 0,
    random: 0,
  };
  const calls = { redis: 0, origin: 0, epochs: 0, restored: 0 };
  const clock = () => state.now_ms;
  const name = ({ user, tenant }: Epochs) => `${user} ${tenant}`;

  const tier: RedisTier = {
    async get() {
      calls.redis++;
      if (state.redis !== 'up') throw new TypeError(state.redis);
      const answer = state.stored && clock() < state.stored.until_ms ? state.stored : null;
      return { epochs: { ...state.epochs }, answer };
    },
    key: async () => null,
    async restore(_, answer) {
      calls.restored++;
      state.stored ??= answer;
    },
  };

  /** The origin keeps what it makes in Redis, as it does. */
  async function load(): Promise<Reply> {
    calls.origin++;
    if (state.origin === 'down') throw new Problem('unavailable', 'no origin');
    if (state.origin === 'gone') return { kind: 'problem', status: 404, body: '{}', retry_after: null };
    const epochs = { ...state.epochs };
    const bad = state.origin === 'degraded';
    const answer: Answer = {
      format: 1,
      body: String(++state.made),
      etag: `"${state.made}"`,
      epochs,
      created_ms: clock(),
      until_ms: clock() + (bad ? DEGRADED_MS : LONGEST_MS),
      degraded: bad ? ['vectors'] : [],
    };
    const { stored } = state;
    const holds = stored && clock() < stored.until_ms && name(stored.epochs) === name(epochs);
    if (state.redis === 'up' && !(bad && holds && stored.degraded.length === 0)) state.stored = answer;
    return { kind: 'answer', body: answer.body, etag: answer.etag, answer };
  }

  const centres = Array.from({ length: colos }, () => fakeColo(clock));
  const behind: Promise<unknown>[] = [];
  const caches = Array.from({ length: isolates }, (_, at) => {
    const means = { clock, random: () => state.random, log: silent };
    const centre = centres[at % colos] as ReturnType<typeof fakeColo>;
    const guard = breaker({
      ...means,
      name: 'redis',
      failures: 3,
      shortest_ms: 1_000,
      longest_ms: 30_000,
      probe_ms: 5_000,
    });
    return answerCache({
      ...means,
      memory: answerMemory(),
      refusals: refusalMemory(clock),
      colo: coloCache({ ...means, open: centre.open }),
      redis: guardedRedis(tier, guard),
      epochs: {
        read: async () => {
          calls.epochs++;
          if (state.origin === 'down') throw new Problem('unavailable', 'no origin');
          return { ...state.epochs };
        },
      },
    });
  });

  return {
    state,
    calls,
    centres,
    /** When an answer's epochs ceased to be those of now; never, where they still are. */
    endedAt: (answer: Answer) => state.ended.get(name(answer.epochs)) ?? Number.POSITIVE_INFINITY,
    change(whose: 'user' | 'tenant') {
      state.ended.set(name(state.epochs), state.now_ms);
      state.epochs = { ...state.epochs, [whose]: raised(state.epochs[whose], state.now_ms) };
    },
    /** Asks an isolate; null where no answer can be had. What goes on behind is done when it resolves. */
    async read(isolate = 0, subject = SUBJECT) {
      const options = { waitUntil: (work: Promise<unknown>) => void behind.push(work), budget_ms: 800 };
      const cache = caches[isolate] as (typeof caches)[number];
      const served = await cache.answer(subject, load, options).catch((error) => {
        if (error instanceof Problem) return null;
        throw error;
      });
      while (behind.length > 0) await Promise.all(behind.splice(0));
      return served && { ...served, status: cacheStatus(served, state.now_ms) };
    },
  };
}

describe('an answer is had from the nearest tier that has it', () => {
  test('memory, then the data centre, then Redis, then the origin; Cache-Status tells which', async () => {
    const { read, calls } = world();
    expect((await read(0))?.status).toBe('edgewise; fwd=miss; stored; ttl=60');
    expect((await read(0))?.status).toBe('edgewise; hit; ttl=60; detail=memory');
    expect((await read(2))?.status).toBe('edgewise; hit; ttl=60; detail=colo');
    expect((await read(2))?.status).toBe('edgewise; hit; ttl=60; detail=memory');
    expect((await read(1))?.status).toBe('edgewise; hit; ttl=60; detail=redis');
    expect((await read(3))?.status).toBe('edgewise; hit; ttl=60; detail=colo');
    expect(calls).toEqual({ redis: 2, origin: 1, epochs: 0, restored: 0 });
  });

  test('what stands in the data centre names nobody, is public there, and leaves with its answer', async () => {
    const { read, state, centres } = world();
    await read(0);
    const [address, kept] = [...(centres[0]?.kept ?? [])][0] ?? expect.fail('Nothing is kept');
    expect(address).toMatch(/^https:\/\/answers\.edgewise\.invalid\/edgewise%3Aanswer%3A[\w-]{43}$/);
    expect(kept.until_ms).toBe(NOW + LONGEST_MS);
    state.now_ms += LONGEST_MS;
    state.origin = 'down';
    expect(await read(2)).toBeNull();
  });

  test('one that another isolate validated is served by the time of that', async () => {
    const { read, state } = world();
    await read(0);
    state.now_ms += 58_000;
    await read(0);
    state.now_ms += 4_000;
    expect((await read(2))?.status).toBe('edgewise; hit; ttl=56; detail=colo');
  });

  test('one that is old in the data centre is served and validated behind', async () => {
    const { read, state, change } = world();
    await read(0);
    change('user');
    state.now_ms += 30_000;
    expect((await read(2))?.entry?.answer.body).toBe('1');
    expect((await read(2))?.entry?.answer.body).toBe('2');
  });

  test('of an answer that Redis has lost, it is given back once that is noticed', async () => {
    const { read, state, calls } = world();
    await read(0);
    state.stored = null;
    state.now_ms += SERVABLE_MS;
    expect((await read(0))?.how).toBe('validated');
    expect(calls).toMatchObject({ restored: 1, origin: 1 });
    expect((await read(1))?.tier).toBe('redis');
  });

  test('a degraded answer is kept by no data centre', async () => {
    const { read, state, centres } = world();
    state.origin = 'degraded';
    await read(0);
    expect(centres[0]?.kept.size).toBe(0);
  });

  test('what is not there is asked for once in 5 s, and what was kept of it is gone', async () => {
    const { read, state, calls, change, centres } = world();
    await read(0);
    change('user');
    state.origin = 'gone';
    state.now_ms += SERVABLE_MS;
    for (let times = 0; times < 3; times++) expect((await read(0))?.reply).toMatchObject({ status: 404 });
    expect(calls.origin).toBe(2);
    expect(centres[0]?.kept.size).toBe(0);
    state.now_ms += FRESH_MS;
    await read(0);
    expect(calls.origin).toBe(3);
  });

  test("who varies their question displaces answers of their own, and nobody else's", async () => {
    const { read, calls, centres } = world({ colos: 1 });
    await read(0, { ...SUBJECT, key: 'other', user_id: 'v' });
    for (let at = 0; at < 100; at++) await read(0, { ...SUBJECT, key: `k${at}` });
    for (const { kept } of centres) kept.clear();
    const before = calls.redis;
    await read(0, { ...SUBJECT, key: 'other', user_id: 'v' });
    for (let at = 84; at < 100; at++) await read(0, { ...SUBJECT, key: `k${at}` });
    expect(calls.redis).toBe(before);
    await read(0, { ...SUBJECT, key: 'k83' });
    expect(calls.redis).toBe(before + 1);
  });
});

describe("the data centre's cache itself", () => {
  const now_ms = Date.now();
  const entry: Entry = {
    answer: {
      format: 1,
      body: '{"title":"Grüße"}',
      etag: '"e"',
      epochs: { user: 1, tenant: 2 },
      created_ms: now_ms,
      until_ms: now_ms + 60_000,
      degraded: [],
    },
    validated_ms: now_ms - 5,
  };

  function real(open = (name: string) => caches.open(name)) {
    const lines: string[] = [];
    const log = ({ event }: { event: string }) => void lines.push(event);
    return { colo: coloCache({ open, clock: Date.now, log }), lines };
  }

  test('gives an answer as it was kept, to whoever asks the same, until it is taken away', async () => {
    const [one, two] = [real().colo, real().colo];
    expect(await one.get('key')).toBeNull();
    await one.put('key', entry);
    expect(await two.get('key')).toEqual(entry);
    expect(await two.get('other')).toBeNull();
    await two.delete('key');
    expect(await one.get('key')).toBeNull();
  });

  test('keeps no answer that is degraded, outdated, or too old to stand in', async () => {
    const { colo } = real();
    await colo.put('key', { ...entry, answer: { ...entry.answer, degraded: ['vectors'] } });
    await colo.put('key', outdated(entry));
    await colo.put('key', { ...entry, answer: { ...entry.answer, created_ms: now_ms - LONGEST_MS } });
    expect(await colo.get('key')).toBeNull();
  });

  test('that holds what is no answer of ours, of another format, or hangs, is as if it held nothing', async () => {
    for (const body of [
      '',
      '<html>',
      '{}',
      '{"format":2}',
      JSON.stringify({ format: 1, validated_ms: 1, answer: {} }),
    ]) {
      const centre = { match: async () => new Response(body), put: async () => {}, delete: async () => true };
      expect(await real(async () => centre).colo.get('key')).toBeNull();
    }
    const { colo, lines } = real(() => new Promise(() => {}));
    expect(await colo.get('key')).toBeNull();
    expect(lines).toEqual(['colo_failed']);
  });
});

describe('a Redis that fails', () => {
  test('costs three waits, then none but one now and then, and is used again once it is back', async () => {
    const { read, state, calls } = world({ isolates: 1, colos: 1 });
    state.redis = 'down';
    for (let at = 0; at < 20; at++) {
      expect((await read(0, { ...SUBJECT, key: `k${at}` }))?.how).toBe('stored');
    }
    expect(calls.redis).toBe(3);
    state.now_ms += 1_000;
    for (let at = 20; at < 40; at++) await read(0, { ...SUBJECT, key: `k${at}` });
    expect(calls.redis).toBe(4);
    state.redis = 'up';
    state.now_ms += 2_000;
    for (let at = 40; at < 45; at++) await read(0, { ...SUBJECT, key: `k${at}` });
    expect(calls.redis).toBe(9);
  });

  test('leaves the epochs to the origin', async () => {
    const { read, state, calls } = world();
    await read(0);
    state.redis = 'garbage';
    state.now_ms += SERVABLE_MS;
    expect((await read(0))?.how).toBe('validated');
    expect(calls).toMatchObject({ epochs: 1, origin: 1 });
  });
});

type Step =
  | { does: 'read'; isolate: number }
  | { does: 'wait'; ms: number }
  | { does: 'change'; whose: 'user' | 'tenant' }
  | { does: 'origin'; is: 'up' | 'down' | 'degraded' }
  | { does: 'redis'; is: 'up' | 'down' | 'garbage' }
  | { does: 'lose' };

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const just = <D extends Step['does']>(does: D) => fc.constant(does);
const anyStep = fc.oneof(
  weighted(8, fc.record({ does: just('read'), isolate: fc.nat(3) })),
  weighted(
    4,
    fc.record({
      does: just('wait'),
      ms: fc.oneof(
        fc.constantFrom(1, 3_999, 4_000, 4_999, 5_000, 5_001, 47_999, 48_000, 59_999, 60_000, LONGEST_MS),
        fc.integer({ min: 0, max: 90_000 }),
      ),
    }),
  ),
  weighted(2, fc.record({ does: just('change'), whose: fc.constantFrom('user', 'tenant') })),
  weighted(1, fc.record({ does: just('origin'), is: fc.constantFrom('up', 'down', 'degraded') })),
  weighted(1, fc.record({ does: just('redis'), is: fc.constantFrom('up', 'down', 'garbage') })),
  weighted(1, fc.record({ does: just('lose') })),
);

/**
 * Runs the steps over four isolates in two data centres, and holds every answer to its bound. One is served
 * only while it was known to hold less than a minute ago; and, with Redis up, less than 5 s before the same
 * isolate was last asked, since what is older than that is validated behind the answer. While the origin fails,
 * one that says so is at most 15 minutes old.
 */
async function run(steps: readonly Step[], chance: number, { redis }: { redis: 'always' | 'sometimes' }) {
  const { state, read, change, endedAt } = world();
  state.random = chance;
  const asked = new Map<number, number>();
  for (const step of steps) {
    if (step.does === 'wait') state.now_ms += step.ms;
    else if (step.does === 'change') change(step.whose);
    else if (step.does === 'origin') state.origin = step.is;
    else if (step.does === 'redis') state.redis = redis === 'always' ? 'up' : step.is;
    else if (step.does === 'lose') state.stored = null;
    if (step.does !== 'read') continue;
    const served = await read(step.isolate);
    const before_ms = asked.get(step.isolate) ?? Number.NEGATIVE_INFINITY;
    asked.set(step.isolate, state.now_ms);
    if (!served?.entry) {
      expect(state.origin).toBe('down');
      continue;
    }
    const { answer } = served.entry;
    expect(state.now_ms - answer.created_ms).toBeLessThan(LONGEST_MS);
    if (answer.degraded.length > 0) expect(state.now_ms).toBeLessThan(answer.until_ms);
    if (served.how === 'stale') {
      expect(state.origin).toBe('down');
      continue;
    }
    expect(state.now_ms).toBeLessThan(answer.until_ms);
    expect(state.now_ms - endedAt(answer)).toBeLessThan(SERVABLE_MS);
    if (redis === 'always') expect(before_ms - endedAt(answer)).toBeLessThan(FRESH_MS);
  }
}

describe('whatever happens in whatever order, over all tiers', () => {
  const steps = fc.array(anyStep as fc.Arbitrary<Step>, { minLength: 5, maxLength: 60 });
  const chance = fc.constantFrom(0, 0.5, 0.999);

  test('with Redis up, no answer is served past its bound', async () => {
    await fc.assert(
      fc.asyncProperty(steps, chance, (list, by) => run(list, by, { redis: 'always' })),
      { numRuns: 1000 },
    );
  });

  test('with Redis failing as it likes, none is served that was not known to hold within a minute, unless the origin fails', async () => {
    await fc.assert(
      fc.asyncProperty(steps, chance, (list, by) => run(list, by, { redis: 'sometimes' })),
      { numRuns: 1000 },
    );
  });
});
