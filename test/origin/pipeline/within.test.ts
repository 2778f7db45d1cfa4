import { expect, test } from 'vitest';
import { within } from '../../../origin/pipeline/within.ts';

const never = () => new Promise<never>(() => {});

test('what does not listen is given up on at the deadline', async () => {
  await expect(within(1, new AbortController().signal, never)).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('the signal that is handed in is aborted at the deadline', async () => {
  let seen: AbortSignal | undefined;
  const run = (signal: AbortSignal) => {
    seen = signal;
    return never();
  };
  await expect(within(1, new AbortController().signal, run)).rejects.toThrow();
  expect(seen?.aborted).toBe(true);
});

test('the outer signal ends it with its own reason', async () => {
  const outer = new AbortController();
  const waiting = within(60_000, outer.signal, never);
  outer.abort(new Error('the client left'));
  await expect(waiting).rejects.toThrow('the client left');
});

test('what is done in time is given, and a failure is passed on', async () => {
  const { signal } = new AbortController();
  expect(await within(60_000, signal, async () => 7)).toBe(7);
  await expect(within(60_000, signal, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
});
