import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VersionMismatch } from '#backing/vectors/port.ts';
import { type GuardObserver, openGuard } from '../../../origin/dependencies/guard.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const { signal } = new AbortController();
const never = () => new Promise<never>(() => {});
const down = () => Promise.reject(new Error('down'));
const up = async () => 7;

function watched(bounds: { under_way?: number; waiting?: number } = {}) {
  const outcomes: string[] = [];
  const states: string[] = [];
  const observer: GuardObserver = {
    called: ({ outcome }) => outcomes.push(outcome),
    changed: (_, state) => states.push(state),
  };
  const guard = openGuard({ dependency: 'vectors', probe_ms: 100, observer, ...bounds });
  return { guard, outcomes, states };
}

async function broken(bounds = {}) {
  const made = watched(bounds);
  while (made.guard.state === 'closed') {
    await made.guard.run('search', signal, down).catch(() => {});
  }
  return made;
}

test('a dependency that keeps failing is left alone: no answer asks it, or waits for it', async () => {
  const { guard, outcomes, states } = await broken();
  expect(outcomes).toEqual(['failed', 'failed', 'failed', 'failed', 'failed']);
  expect(states).toEqual(['open']);
  const work = vi.fn(up);
  await expect(guard.run('search', signal, work)).rejects.toMatchObject({ code: 'left_alone' });
  expect(work).not.toHaveBeenCalled();
  expect(outcomes.at(-1)).toBe('open');
});

test('one that is back is found out behind an answer, by one call at a time, and used again', async () => {
  const { guard, states } = await broken();
  await vi.advanceTimersByTimeAsync(5_000);
  let answer = (_: number) => {};
  const looking = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
  for (let i = 0; i < 3; i++) {
    await expect(guard.run('search', signal, looking)).rejects.toMatchObject({ code: 'left_alone' });
  }
  expect(looking).toHaveBeenCalledTimes(1);
  answer(7);
  await vi.advanceTimersByTimeAsync(0);
  expect(states).toEqual(['open', 'closed']);
  expect(await guard.run('search', signal, up)).toBe(7);
});

test('one that is still away is looked for again and again, each look for a time of its own', async () => {
  const { guard, states } = await broken();
  const looking = vi.fn(never);
  for (let seconds = 0; seconds < 20; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await guard.run('search', signal, looking).catch(() => {});
  }
  expect(looking.mock.calls.length).toBeGreaterThan(5);
  await vi.advanceTimersByTimeAsync(5_000);
  await guard.run('search', signal, up).catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(guard.state).toBe('closed');
  expect(states).toEqual(['open', 'closed']);
});

test('one that has to prepare itself has the time for that behind the answers, and is used once it is fast', async () => {
  const { guard } = await broken();
  let prepared = false;
  const work = vi.fn(async () => {
    if (!prepared) await new Promise((resolve) => setTimeout(resolve, 1_000));
    prepared = true;
    return 7;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  await expect(guard.run('search', signal, work)).rejects.toMatchObject({ code: 'left_alone' });
  expect(guard.state).toBe('open');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(guard.state).toBe('closed');
  expect(work).toHaveBeenCalledTimes(2);
});

test('one that is there and stays slow is left alone, however often it is looked for', async () => {
  const { guard, states } = await broken();
  const slow = vi.fn(() => new Promise<number>((resolve) => setTimeout(() => resolve(7), 300)));
  for (let seconds = 0; seconds < 20; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(guard.run('search', signal, slow)).rejects.toMatchObject({ code: 'left_alone' });
  }
  expect(slow.mock.calls.length).toBeGreaterThan(5);
  expect(states).toEqual(['open']);
});

test('what is late counts as failed, though it never listens', async () => {
  const { guard, outcomes } = watched();
  for (let i = 0; i < 5; i++) {
    const deadline = new AbortController();
    const asked = guard.run('search', deadline.signal, never);
    deadline.abort(new Error('late'));
    await expect(asked).rejects.toThrow('late');
  }
  expect(outcomes).toEqual(['late', 'late', 'late', 'late', 'late']);
  expect(guard.state).toBe('open');
});

test('where every other call fails it is left alone as well', async () => {
  const { guard } = watched();
  for (let i = 0; i < 16; i++) await guard.run('search', signal, i % 2 ? up : down).catch(() => {});
  expect(guard.state).toBe('open');
});

test('a question that cannot be answered says nothing of how the dependency fares', async () => {
  const { guard } = watched();
  const mismatch = () => Promise.reject(new VersionMismatch('of another model'));
  for (let i = 0; i < 50; i++) await guard.run('search', signal, mismatch).catch(() => {});
  expect(guard.state).toBe('closed');
});

test('calls past those under way and waiting are refused at once, which opens nothing', async () => {
  const { guard, outcomes } = watched({ under_way: 2, waiting: 1 });
  let answer = (_: number) => {};
  const held = new Promise<number>((resolve) => (answer = resolve));
  const asked = [1, 2, 3].map(() => guard.run('search', signal, () => held));
  for (let i = 0; i < 20; i++) {
    await expect(guard.run('search', signal, up)).rejects.toMatchObject({ code: 'dependency_full' });
  }
  expect(guard.state).toBe('closed');
  answer(7);
  await expect(Promise.all(asked)).resolves.toEqual([7, 7, 7]);
  expect(new Set(outcomes)).toEqual(new Set(['full', 'ok']));
});

test('who waits for a place and is out of time is let go, and never makes the call', async () => {
  const { guard } = watched({ under_way: 1, waiting: 1 });
  let answer = (_: number) => {};
  const first = guard.run('search', signal, () => new Promise<number>((resolve) => (answer = resolve)));
  const deadline = new AbortController();
  const work = vi.fn(up);
  const second = guard.run('search', deadline.signal, work);
  deadline.abort(new Error('late'));
  await expect(second).rejects.toThrow('late');
  answer(1);
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect(work).not.toHaveBeenCalled();
});
