import { expect, test, vi } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openPatterns } from '../../../origin/patterns/held.ts';
import { did, openWorld } from '../world.ts';

const { version } = hashingEmbedder;

async function held(over: Partial<Parameters<typeof openPatterns>[0]> = {}) {
  const world = await openWorld();
  const errors: unknown[] = [];
  const { profiles, vectors } = world.stores;
  const onError = (error: unknown) => errors.push(error);
  const patterns = openPatterns({
    profiles,
    vectors,
    clock: world.clock,
    relearn_ms: 1000,
    onError,
    ...over,
  });
  return { world, errors, patterns, get: () => patterns.get('acme', version) };
}

test('patterns are learnt at the first question, and again behind the answers once they are old', async () => {
  const { world, get } = await held();
  await world.events([did('click', 'ada', 'wifi')]);
  expect((await get()).campaigns).toEqual(['wifi']);
  await world.events([did('click', 'bob', 'games')]);
  expect((await get()).campaigns).toEqual(['wifi']);
  world.time.now += 1000;
  expect((await get()).campaigns).toEqual(['wifi']);
  await vi.waitFor(async () => expect((await get()).campaigns).toEqual(['wifi', 'games']));
});

test('patterns that cannot be learnt again stay as they were, and that is told', async () => {
  const { world, get, errors, patterns } = await held();
  await world.events([did('click', 'ada', 'wifi')]);
  await get();
  vi.spyOn(world.stores.profiles, 'all').mockImplementation(() => {
    throw new Error('down');
  });
  world.time.now += 1000;
  expect((await get()).campaigns).toEqual(['wifi']);
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  // It is not tried again with every question.
  await get();
  await get();
  expect(world.stores.profiles.all).toHaveBeenCalledTimes(1);
  await expect(patterns.get('never-read', version)).rejects.toThrow();
});

test('past the budget, the patterns of whoever was asked for longest ago leave', async () => {
  const { world, patterns } = await held({ budget_bytes: 3000 });
  const all = vi.spyOn(world.stores.profiles, 'all');
  for (const tenant of ['one', 'two', 'three', 'three', 'one']) await patterns.get(tenant, version);
  expect(all.mock.calls.map(([tenant]) => tenant)).toEqual(['one', 'two', 'three', 'one']);
});
