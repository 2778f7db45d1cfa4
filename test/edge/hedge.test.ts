import { describe, expect, test } from 'vitest';
import { SERVABLE_MS } from '../../edge/cache/policy.ts';
import { SUBJECT, world } from './support/tiers.ts';

const FAR_MS = 80;
/** So many calls in vain there may be, while none is needed. */
const MOST = 10;

const one = (at: number | string) => ({ ...SUBJECT, key: `key ${at}` });

/** One isolate before a Redis that is known to be far. */
async function farRedis() {
  const all = world({ isolates: 1, colos: 1 });
  all.state.redis_ms = FAR_MS;
  for (let at = 0; at < 3; at++) {
    await all.read(0, one(`before ${at}`));
    all.state.stored = null;
  }
  Object.assign(all.calls, { redis: 0, origin: 0, epochs: 0 });
  return all;
}

describe('while Redis is far', () => {
  test('a question with nothing kept goes to the origin beside it, and is answered by the first of both', async () => {
    const { read, state, calls } = await farRedis();
    const served = await read(0, one(1));
    expect(served).toMatchObject({ how: 'stored', cache_ms: 0, origin_ms: 0 });
    expect(calls).toMatchObject({ redis: 1, origin: 1 });
    expect((await read(0, one(1)))?.entry?.answer.body).toBe(String(state.made));
  });

  test('what Redis says after the origin takes the place of nothing newer', async () => {
    const { read, state, change } = await farRedis();
    await read(0, one(1));
    change('user');
    const served = await read(0, one(2));
    expect(served?.entry?.answer).toMatchObject({ body: String(state.made), epochs: state.epochs });
    expect((await read(0, one(2)))?.entry).toEqual(served?.entry);
  });

  test('what is validated behind an answer is asked about alone', async () => {
    const { read, state, calls } = await farRedis();
    await read(0, one(1));
    state.now_ms += 10_000;
    expect((await read(0, one(1)))?.how).toBe('hit');
    expect(calls).toMatchObject({ redis: 2, origin: 1 });
  });

  test('what is kept and may hold is asked about beside it only while half of the calls in vain are left', async () => {
    const { read, state, calls } = await farRedis();
    await read(0, one(1));
    for (let times = 0; times < 20; times++) {
      state.now_ms += SERVABLE_MS;
      expect((await read(0, one(1)))?.how).toBe(times < 6 ? 'stored' : 'validated');
    }
    expect(calls).toMatchObject({ redis: 21, origin: 7 });
    for (let at = 2; at < 20; at++) await read(0, one(at));
    expect(calls).toMatchObject({ redis: 39, origin: 11 });
  });

  test('and the origin fails, what Redis has is given', async () => {
    const { read, state, calls } = await farRedis();
    await read(0, one(1));
    state.origin = 'down';
    expect(await read(0, one(2))).toMatchObject({ how: 'hit', tier: 'redis' });
    state.stored = null;
    expect(await read(0, one(3))).toBeNull();
    expect(calls).toMatchObject({ redis: 3, origin: 3 });
  });

  test('calls in vain stop after a few, and those that are needed bring back a fourth of one each', async () => {
    const { read, state, calls } = await farRedis();
    await read(0, one('stored'));
    const inVain = async (from: number, many: number) => {
      calls.origin = 0;
      for (let at = from; at < from + many; at++) await read(0, one(at));
      return calls.origin;
    };
    expect(await inVain(0, 40)).toBe(MOST);
    expect(await inVain(40, 40)).toBe(0);
    for (let at = 100; at < 108; at++) {
      state.stored = null;
      await read(0, one(at));
    }
    expect(await inVain(200, 40)).toBe(2);
  });

  test('however many ask at once, no more calls in vain are made than are left', async () => {
    const { read, calls } = await farRedis();
    await read(0, one('stored'));
    calls.origin = 0;
    await Promise.all(Array.from({ length: 40 }, (_, at) => read(0, one(`at once ${at}`))));
    expect(calls.origin).toBe(MOST);
  });

  test('calls that were needed anyway never stop', async () => {
    const { read, state, calls } = await farRedis();
    for (let at = 0; at < 40; at++) {
      state.stored = null;
      expect(await read(0, one(at))).toMatchObject({ how: 'stored', cache_ms: 0 });
    }
    expect(calls).toMatchObject({ redis: 40, origin: 40 });
  });
});

test('while Redis is near, the origin is asked only for what Redis has not', async () => {
  const { read, state, calls } = world({ isolates: 1, colos: 1 });
  state.redis_ms = 5;
  await read(0, one('stored'));
  for (let at = 0; at < 20; at++) expect((await read(0, one(at)))?.tier).toBe('redis');
  expect(calls).toMatchObject({ redis: 21, origin: 1 });
});
