import { expect, test, vi } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openPatterns } from '../../../origin/patterns/held.ts';
import { did, openWorld, said } from '../world.ts';

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

test('what the past chose stays until there is a tenth more of it, or some hours have passed', async () => {
  const { world, patterns } = await held();
  const rehearsed = async () => {
    await patterns.relearn('acme', version);
    const { campaigns, weights } = await patterns.get('acme', version);
    // Where nobody says anything, what is shipped is other than where somebody does.
    return { campaigns: campaigns.length, silent: weights['discover'] !== undefined };
  };
  const clicks = (count: number, campaign: string) =>
    Array.from({ length: count }, (_, i) => did('click', `u-${campaign}-${i}`, campaign));
  await world.events(clicks(30, 'wifi'));
  expect(await rehearsed()).toEqual({ campaigns: 1, silent: true });
  await world.events([said('ada', 'my games crash', 'games')]);
  expect(await rehearsed()).toEqual({ campaigns: 2, silent: true });
  world.time.now += 6 * 3600_000;
  expect(await rehearsed()).toEqual({ campaigns: 2, silent: false });

  const other = await held();
  await other.world.events(clicks(30, 'wifi'));
  await other.patterns.relearn('acme', version);
  await other.world.events([said('ada', 'my games crash', 'games'), ...clicks(3, 'games')]);
  await other.patterns.relearn('acme', version);
  expect((await other.patterns.get('acme', version)).weights['discover']).toBeUndefined();
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
