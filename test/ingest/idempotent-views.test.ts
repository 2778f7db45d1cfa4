import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Chaos } from '#backing/log/chaos.ts';
import { deliver, worldWith } from './deliveries.ts';
import { hesitantViews, histories, type Written } from './histories.ts';
import { dumpsOf, runToEnd } from './small-world.ts';

/** The dumps after one pass, each partition from its start to its end, nothing twice. */
async function afterCleanPass(written: readonly Written[]) {
  const world = await worldWith(written);
  expect(await runToEnd(world)).toEqual([]);
  const dumps = await dumpsOf(world.stores);
  await world.close();
  return dumps;
}

const chaos: fc.Arbitrary<Chaos> = fc.record({
  seed: fc.integer(),
  actions: fc.integer({ min: 0, max: 120 }),
});

/** Every archived batch is a file or more. */
const PATIENCE_MS = 240_000;

it(
  'consumers reassigned in mid-batch, commits lost and records handed over again leave every view as one clean pass does',
  async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        histories,
        chaos,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 20 }),
        async (history, disturbed, members, max_records) => {
          const world = await worldWith(history, { chaos: disturbed });
          written += history.length;
          expect(await runToEnd(world, { views: hesitantViews(world, max_records), members })).toEqual([]);
          const dumps = await dumpsOf(world.stores);
          await world.close();
          expect(dumps).toEqual(await afterCleanPass(history));
        },
      ),
      { numRuns: 100 },
    );
    expect(written).toBeGreaterThan(1000);
  },
  PATIENCE_MS,
);

it(
  'any slices, each partition in its order, interleaved anyhow and repeated, leave every view as one clean pass does',
  async () => {
    const property = fc.asyncProperty(histories, fc.gen(), async (history, gen) => {
      const world = await worldWith(history);
      await deliver(world, world.views, gen);
      const dumps = await dumpsOf(world.stores);
      await world.close();
      expect(dumps).toEqual(await afterCleanPass(history));
    });
    await fc.assert(property, { numRuns: 100 });
  },
  PATIENCE_MS,
);

it(
  'the same written twice changes no view',
  async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        expect(await afterCleanPass([...history, ...history])).toEqual(await afterCleanPass(history));
      }),
      { numRuns: 50 },
    );
  },
  PATIENCE_MS,
);

it('a log on which everything can happen does hold duplicates, conflicting twins, both topics, dismissals, updates and deletions', () => {
  const seen = { duplicates: 0, twins: 0, bothTopics: 0, dismissals: 0, updates: 0, deletions: 0 };
  for (const history of fc.sample(histories, { numRuns: 200, seed: 1 })) {
    const known = new Map<string, { value: string; topic: string }>();
    for (const { topic, record } of history) {
      const value = Buffer.from(record.value).toString();
      const { event, campaign } = JSON.parse(value);
      const key = event ? `${record.key} ${event.message_id}` : record.key;
      const before = known.get(key);
      if (event?.type === 'dismissal') seen.dismissals++;
      if (before && event && before.topic !== topic) seen.bothTopics++;
      if (before && event && before.topic === topic) seen[before.value === value ? 'duplicates' : 'twins']++;
      if (before && !event) seen[campaign ? 'updates' : 'deletions']++;
      known.set(key, { value, topic });
    }
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});
