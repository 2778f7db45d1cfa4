import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ApiKey, type KeyCopy, makeApiKey, packKey, unpackKey } from '#contract/api-key.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { BreakerOpen } from '../../edge/breaker.ts';
import { identifier } from '../../edge/identity/identify.ts';
import { copiedKeys } from '../../edge/identity/key-lookup.ts';
import { keyVerifier } from '../../edge/identity/verify-key.ts';
import { unavailable } from '../../edge/signed-fetch.ts';
import { peppers } from './support/keys.ts';

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const about = {
  tenant_id: 'acme',
  name: 'A server',
  scopes: ['events:write' as const],
  created_at: '2026-11-01T00:00:00Z',
  expires_at: null,
};

/** Edges before one origin with one key and its copy in Redis, all by one clock. */
async function world({ edges = 2 } = {}) {
  const [pepper] = (await importKeys(peppers)) as [Key];
  const { token, key } = await makeApiKey(about, pepper);
  const state = { now_ms: NOW, key: key as ApiKey, copy: null as string | null, redis: 'up', origin: 'up' };
  const asked = { redis: 0, origin: 0 };
  const lines: unknown[] = [];
  const clock = () => state.now_ms;

  /** As the origin leaves it, where Redis can be had. */
  function leave(copy: KeyCopy) {
    if (state.redis === 'up') state.copy = packKey(copy);
  }
  const origin = async (key_id: string): Promise<KeyCopy | null> => {
    asked.origin++;
    if (state.origin === 'down') throw unavailable('down');
    if (key_id !== key.key_id) return null;
    const copy = { key: state.key, read_ms: clock() };
    leave(copy);
    return copy;
  };
  const redis = {
    key: async (key_id: string) => {
      asked.redis++;
      if (state.redis === 'left alone') throw new BreakerOpen('open');
      if (state.redis !== 'up') throw new TypeError('down');
      return key_id === key.key_id ? unpackKey(state.copy, clock()) : null;
    },
  };
  const identifiers = Array.from({ length: edges }, () => {
    const lookup = copiedKeys({ redis, origin, log: (line) => void lines.push(line) });
    const verifyKey = keyVerifier({ lookup, peppers, clock });
    return identifier({ verifyToken: verifyKey, verifyKey, clock });
  });
  return {
    state,
    asked,
    lines,
    token,
    revoke() {
      state.key = { ...state.key, revoked_at: new Date(clock()).toISOString() };
      leave({ key: state.key, read_ms: clock() + 1 });
    },
    /** What becomes of a request with a key at one of the edges: 200 or the status of its refusal. */
    async ask(edge = 0, given = token): Promise<number> {
      const headers = new Headers({ Authorization: `Bearer ${given}` });
      try {
        await identifiers[edge]?.(headers, () => {});
        return 200;
      } catch (error) {
        return (error as { status: number }).status;
      }
    },
  };
}

describe('an API key', () => {
  test('is looked up in Redis, and at the origin where it has no copy', async () => {
    const { ask, asked, state } = await world();
    expect(await ask(0)).toBe(200);
    expect(asked).toEqual({ redis: 1, origin: 1 });
    expect(await ask(1)).toBe(200);
    expect(asked).toEqual({ redis: 2, origin: 1 });
    state.now_ms += 29_999;
    expect([await ask(0), await ask(1)]).toEqual([200, 200]);
    expect(asked).toEqual({ redis: 2, origin: 1 });
    state.now_ms += 1;
    expect([await ask(0), await ask(1)]).toEqual([200, 200]);
    expect(asked).toEqual({ redis: 4, origin: 1 });
  });

  test('is looked up at the origin while Redis fails, which is told only where it was asked', async () => {
    for (const [redis, told] of [
      ['down', 1],
      ['left alone', 0],
    ] as const) {
      const { ask, asked, state, lines } = await world();
      state.redis = redis;
      expect(await ask()).toBe(200);
      expect(asked).toEqual({ redis: 1, origin: 1 });
      expect(lines.length).toBe(told);
    }
  });

  test('goes on to be let in by its copy while the origin is down, and not once that is too old to believe', async () => {
    const { ask, state } = await world();
    expect(await ask(0)).toBe(200);
    state.origin = 'down';
    state.now_ms += 54_999;
    expect(await ask(1)).toBe(200);
    state.now_ms += 1;
    expect(await ask(1)).toBe(503);
  });

  test('that is wrong is asked of both tiers once in 5 s', async () => {
    const { ask, asked, state, token } = await world();
    const wrong = token.replace(/^ew_.{16}/, `ew_${'0'.repeat(16)}`);
    for (let second = 0; second < 5; second++) {
      expect(await ask(0, wrong)).toBe(401);
      state.now_ms += 999;
    }
    expect(asked).toEqual({ redis: 1, origin: 1 });
    state.now_ms += 5;
    expect(await ask(0, wrong)).toBe(401);
    expect(asked).toEqual({ redis: 2, origin: 2 });
  });

  test('that is revoked is refused everywhere after a minute, whatever fails when, and never before that', async () => {
    const step = fc.record({
      wait_ms: fc.integer({ min: 0, max: 40_000 }),
      edge: fc.nat(2),
      redis: fc.constantFrom('up', 'up', 'down', 'left alone'),
      origin: fc.constantFrom('up', 'up', 'down'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (before, after) => {
          const { state, ask, revoke } = await world({ edges: 3 });
          const take = async ({ wait_ms, edge, redis, origin }: (typeof before)[number]) => {
            state.now_ms += wait_ms;
            Object.assign(state, { redis, origin });
            return ask(edge);
          };
          for (const one of before) expect([200, 503]).toContain(await take(one));
          revoke();
          const revoked_ms = state.now_ms;
          for (const one of after) {
            const status = await take(one);
            if (state.now_ms >= revoked_ms + MINUTE_MS) expect([401, 503]).toContain(status);
            if (status === 503) expect(state.origin).toBe('down');
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
