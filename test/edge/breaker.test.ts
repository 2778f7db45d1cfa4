import { describe, expect, test } from 'vitest';
import { breaker } from '../../edge/breaker.ts';

function broken() {
  const state = { now_ms: 1_000_000, random: 0 };
  const lines: unknown[] = [];
  const guard = breaker({
    name: 'thing',
    clock: () => state.now_ms,
    random: () => state.random,
    log: ({ event }) => void lines.push(event),
    failures: 3,
    shortest_ms: 1_000,
    longest_ms: 4_000,
    probe_ms: 5_000,
  });
  const outcome = (work: () => Promise<unknown>) =>
    guard.run(work).then(
      () => 'done',
      (error: { code?: string }) => error.code ?? 'failed',
    );
  const fail = () => outcome(() => Promise.reject(new Error('no')));
  const work = () => outcome(async () => {});
  const open = async () => {
    for (let times = 0; times < 3; times++) expect(await fail()).toBe('failed');
  };
  return { state, lines, guard, outcome, fail, work, open };
}

describe('a breaker', () => {
  test('opens after so many failures in a row, and not by failures between which something worked', async () => {
    const { fail, work, lines } = broken();
    for (let times = 0; times < 10; times++) {
      await fail();
      await fail();
      expect(await work()).toBe('done');
    }
    expect(lines).toEqual([]);
    for (let times = 0; times < 3; times++) await fail();
    expect(await work()).toBe('breaker_open');
    expect(lines).toEqual(['breaker_open']);
  });

  test('counts a result that says of itself that it is a failure', async () => {
    const { guard, work } = broken();
    for (let times = 0; times < 3; times++)
      expect(
        await guard.run(
          async () => 503,
          (n) => n >= 500,
        ),
      ).toBe(503);
    expect(await work()).toBe('breaker_open');
  });

  test('lets one call through after its time, and all once that has worked', async () => {
    const { state, open, work, outcome } = broken();
    await open();
    state.now_ms += 999;
    expect(await work()).toBe('breaker_open');
    state.now_ms += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const probe = outcome(() => promise);
    expect(await work()).toBe('breaker_open');
    resolve();
    expect(await probe).toBe('done');
    expect(await work()).toBe('done');
  });

  test('waits twice as long after each call that failed again, to its limit, and as at first once all was well', async () => {
    const { state, open, fail, work } = broken();
    await open();
    for (const wait_ms of [1_000, 2_000, 4_000, 4_000]) {
      state.now_ms += wait_ms - 1;
      expect(await work()).toBe('breaker_open');
      state.now_ms += 1;
      expect(await fail()).toBe('failed');
    }
    state.now_ms += 4_000;
    expect(await work()).toBe('done');
    await open();
    state.now_ms += 1_000;
    expect(await work()).toBe('done');
  });

  test('lets another through where the one it let through was cancelled', async () => {
    const { state, open, work, outcome } = broken();
    await open();
    state.now_ms += 1_000;
    void outcome(() => new Promise(() => {}));
    state.now_ms += 4_999;
    expect(await work()).toBe('breaker_open');
    state.now_ms += 1;
    expect(await work()).toBe('done');
  });

  test('is not closed or opened by what was begun before', async () => {
    const { state, open, work, outcome } = broken();
    const early = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const [first, second] = [outcome(() => early.promise), outcome(() => late.promise)];
    await open();
    early.resolve();
    expect(await first).toBe('done');
    expect(await work()).toBe('breaker_open');
    state.now_ms += 1_000;
    expect(await work()).toBe('done');
    late.reject(new Error('no'));
    expect(await second).toBe('failed');
    expect(await work()).toBe('done');
  });

  test('does not stay open for good where the clock is turned back', async () => {
    const { state, open, work } = broken();
    await open();
    state.now_ms -= 3_600_000;
    expect(await work()).toBe('done');
  });

  test('is open for less by chance, so that not all try again at once', async () => {
    const { state, open, work } = broken();
    state.random = 0.5;
    await open();
    state.now_ms += 899;
    expect(await work()).toBe('breaker_open');
    state.now_ms += 1;
    expect(await work()).toBe('done');
  });
});
