import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { LONGEST_MS } from '#contract/answer.ts';
import { coloCache } from '../../edge/cache/colo.ts';
import { type Entry, FRESH_MS, outdated, SERVABLE_MS } from '../../edge/cache/policy.ts';
import { anyChance, anySteps, NOW, perform, type Step, SUBJECT, world } from './support/tiers.ts';

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

  test('its key is digested once for all the tiers that a question goes through', async () => {
    const digest = vi.spyOn(crypto.subtle, 'digest');
    const { read, centres } = world();
    await read(0, { ...SUBJECT });
    expect(centres[0]?.kept.size).toBe(1);
    expect(digest).toHaveBeenCalledTimes(1);
    digest.mockRestore();
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
    expect(await one.get(SUBJECT)).toBeNull();
    await one.put(SUBJECT, entry);
    expect(await two.get(SUBJECT)).toEqual(entry);
    expect(await two.get({ ...SUBJECT, key: 'other' })).toBeNull();
    await two.delete(SUBJECT);
    expect(await one.get(SUBJECT)).toBeNull();
  });

  test('keeps no answer that is degraded, outdated, or too old to stand in', async () => {
    const { colo } = real();
    await colo.put(SUBJECT, { ...entry, answer: { ...entry.answer, degraded: ['vectors'] } });
    await colo.put(SUBJECT, outdated(entry));
    await colo.put(SUBJECT, { ...entry, answer: { ...entry.answer, created_ms: now_ms - LONGEST_MS } });
    expect(await colo.get(SUBJECT)).toBeNull();
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
      expect(await real(async () => centre).colo.get(SUBJECT)).toBeNull();
    }
    const { colo, lines } = real(() => new Promise(() => {}));
    expect(await colo.get(SUBJECT)).toBeNull();
    expect(lines).toEqual(['colo_failed']);
  });
});

describe('a Redis that fails', () => {
  test.each(['down', 'garbage'] as const)(
    'being %s costs one wait a question and three in all, then none but one now and then, and is used again once it is back',
    async (is) => {
      const { read, state, calls } = world({ isolates: 1, colos: 1 });
      state.redis = is;
      await read(0, { ...SUBJECT, key: 'first' });
      expect(calls.redis).toBe(1);
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
    },
  );

  test('leaves the epochs to the origin', async () => {
    const { read, state, calls } = world();
    await read(0);
    state.redis = 'garbage';
    state.now_ms += SERVABLE_MS;
    expect((await read(0))?.how).toBe('validated');
    expect(calls).toMatchObject({ epochs: 1, origin: 1 });
  });
});

/**
 * Runs the steps over four isolates in two data centres, and holds every answer to its bound. One is served
 * only while it was known to hold less than a minute ago; and, with Redis up, less than 5 s before the same
 * isolate was last asked, since what is older than that is validated behind the answer. While the origin fails,
 * one that says so is at most 15 minutes old.
 */
async function run(steps: readonly Step[], chance: number, { redis }: { redis: 'always' | 'sometimes' }) {
  const all = world();
  const { state, endedAt } = all;
  state.random = chance;
  const asked = new Map<number, number>();
  for (const step of steps) {
    if (step.does === 'redis' && redis === 'always') continue;
    const served = await perform(all, step);
    if (step.does !== 'read') continue;
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

/**
 * Forgets the person in the midst of it: no answer made for them before that is served 15 minutes after, and none is
 * left that could be, in any isolate, data centre or Redis.
 */
async function forgetAmidst(before: readonly Step[], after: readonly Step[], chance: number) {
  const all = world();
  const { state, read, centres } = all;
  state.random = chance;
  await read(0);
  for (const step of before) await perform(all, step);
  const { made, now_ms: forgotten_ms } = state;
  all.forget();
  const isOld = (answer: { body: string } | undefined) => answer !== undefined && Number(answer.body) <= made;
  for (const step of after) {
    const served = await perform(all, step);
    if (isOld(served?.entry?.answer)) expect(state.now_ms - forgotten_ms).toBeLessThan(LONGEST_MS);
  }
  state.now_ms = Math.max(state.now_ms, forgotten_ms + LONGEST_MS);
  // Whatever an isolate has left stands in now.
  state.origin = 'down';
  for (let isolate = 0; isolate < 4; isolate++)
    expect(isOld((await read(isolate))?.entry?.answer)).toBe(false);
  const held = centres
    .flatMap(({ kept }) => [...kept.values()])
    .filter(({ until_ms }) => until_ms > state.now_ms);
  for (const { body } of held) expect(isOld(JSON.parse(body).answer)).toBe(false);
  const { stored } = state;
  if (stored && stored.until_ms > state.now_ms) expect(isOld(stored)).toBe(false);
}

describe('whatever happens in whatever order, over all tiers', () => {
  test('with Redis up, no answer is served past its bound', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, anyChance, (list, by) => run(list, by, { redis: 'always' })),
      { numRuns: 1000 },
    );
  });

  test('with Redis failing as it likes, none is served that was not known to hold within a minute, unless the origin fails', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, anyChance, (list, by) => run(list, by, { redis: 'sometimes' })),
      { numRuns: 1000 },
    );
  });

  test("a forgotten person's answers are gone everywhere after 15 minutes", async () => {
    await fc.assert(fc.asyncProperty(anySteps, anySteps, anyChance, forgetAmidst), { numRuns: 500 });
  });
});
