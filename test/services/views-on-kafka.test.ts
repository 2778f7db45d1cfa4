import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { Log } from '#backing/log/port.ts';
import { groups, topics } from '#contract/topics.ts';
import { runViews } from '../../ingest/views/run-views.ts';
import { hesitantViews, histories, type Written } from '../ingest/histories.ts';
import { dumpsOf, openWorld, runToEnd, type World } from '../ingest/small-world.ts';
import { onService } from './on-service.ts';
import { newPrefix, openTestLog, testOptions } from './support-kafka.ts';

const { signal } = new AbortController();
const READ = [topics.events, topics.imports, topics.campaigns];

async function append(log: Log, written: readonly Written[]): Promise<void> {
  for (const { topic, record } of written) await log.append(topic, [record], signal);
}

async function dumpsAfterCleanPass(written: readonly Written[]) {
  const world = openWorld();
  await append(world.log, written);
  expect(await runToEnd(world)).toEqual([]);
  const dumps = await dumpsOf(world.stores);
  await world.close();
  return dumps;
}

/**
 * Runs the views, each with a member that stays, while others join and leave: each time one batch, whose store is
 * written, is held until its partition is taken away. How many batches became stale in hand.
 */
async function runDisturbed(world: World, max_records: number, joins: number): Promise<number> {
  let stale = 0;
  let held: PromiseWithResolvers<void> | null = null;
  const views = hesitantViews(world, max_records).map((view) => ({
    ...view,
    write: (async (records, hand) => {
      await view.write(records, hand);
      if (held) {
        held.resolve();
        held = null;
        if (!hand.signal.aborted) await once(hand.signal, 'abort');
      }
      try {
        hand.stillOurs();
      } catch (error) {
        stale++;
        throw error;
      }
    }) satisfies typeof view.write,
  }));
  const { log, clock, stores } = world;
  const options = { log, clock, answers: stores.answers, members: 1, onError: () => {} };
  const allDone = () => Promise.all(Object.values(groups).map((group) => caughtUp(log, group, READ, signal)));
  const staying = await runViews(views, options);
  for (let join = 0; join < joins; join++) {
    const holding = Promise.withResolvers<void>();
    held = holding;
    await Promise.race([holding.promise, allDone()]);
    held = null;
    const visiting = await runViews(views, options);
    await visiting.close();
  }
  await allDone();
  await staying.close();
  return stale;
}

onService({ name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' }, (addresses) => {
  const brokers = addresses.split(',');
  const prefix = newPrefix(brokers);

  test('views on Kafka, whose partitions are reassigned in mid-batch, are as one clean pass leaves them', async () => {
    let [stale, written] = [0, 0];
    const property = fc.asyncProperty(
      histories,
      fc.integer({ min: 1, max: 5 }),
      async (history, max_records) => {
        const { log } = await openTestLog(testOptions(brokers, `${prefix}${randomUUID()}.`));
        const embedded = openWorld();
        const world = { ...embedded, log };
        await append(log, history);
        written += history.length;
        stale += await runDisturbed(world, max_records, 3);
        const dumps = await dumpsOf(world.stores);
        await embedded.close();
        await log.close();
        expect(dumps).toEqual(await dumpsAfterCleanPass(history));
      },
    );
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
    console.info(`${written} records, ${stale} batches became stale in hand`);
    expect(stale).toBeGreaterThan(0);
  });
});
