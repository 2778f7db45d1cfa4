import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import type { Log } from '#backing/log/port.ts';
import { postgresProfiles } from '#backing/profiles/postgres.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { runViews } from '../../ingest/views/run-views.ts';
import { forgettings, personal } from '../ingest/forgettings.ts';
import { hesitantViews, histories, type Written } from '../ingest/histories.ts';
import { dumpsOf, openWorld, runToEnd, type World } from '../ingest/small-world.ts';
import { onServices } from './on-service.ts';
import { migratedSchema, poolOn } from './postgres.ts';
import { newPrefix, openTestLog, testOptions } from './support-kafka.ts';

const { signal } = new AbortController();

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
  const allDone = () =>
    Promise.all(Object.values(groups).map((group) => caughtUp(log, group, viewTopics, signal)));
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

/** A member in a process of its own, that holds its first batch; and what it says, line by line. */
async function startMember(args: readonly string[]) {
  const file = fileURLToPath(new URL('./support-views-member.ts', import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, closed, said: async () => JSON.parse((await lines.next()).value as string) };
}

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
  ],
  (addresses, postgres_url) => {
    const brokers = addresses.split(',');
    const prefix = newPrefix(brokers);

    /** A log on Kafka with a history on it; counts, profiles and campaigns in PostgreSQL, vectors in memory. */
    async function realWorld(history: readonly Written[]) {
      const [own, schema] = [`${prefix}${randomUUID()}.`, await migratedSchema()];
      const { log } = await openTestLog(testOptions(brokers, own));
      const embedded = openWorld();
      const { postgres } = poolOn(schema);
      const stores = {
        ...embedded.stores,
        counters: postgresCounters(postgres),
        profiles: postgresProfiles(postgres),
        catalogue: postgresCatalogue(postgres),
      };
      await append(log, history);
      const world: World = { ...embedded, log, stores };
      const close = async () => {
        await log.close();
        await embedded.close();
      };
      return { world, prefix: own, schema, close };
    }

    test('views on Kafka and PostgreSQL, whose partitions are reassigned in mid-batch, are as one clean pass leaves them', async () => {
      let [stale, written] = [0, 0];
      const property = fc.asyncProperty(
        histories,
        fc.integer({ min: 1, max: 5 }),
        async (history, max_records) => {
          const { world, close } = await realWorld(history);
          written += history.length;
          stale += await runDisturbed(world, max_records, 3);
          const dumps = await dumpsOf(world.stores);
          await close();
          expect(dumps).toEqual(await dumpsAfterCleanPass(history));
        },
      );
      await fc.assert(property, { numRuns: 14, endOnFailure: true });
      console.info(`${written} records, ${stale} batches became stale in hand`);
      expect(stale).toBeGreaterThan(0);
    });

    test('people forgotten while partitions are reassigned in mid-batch are as one clean pass leaves them', async () => {
      let stale = 0;
      const property = fc.asyncProperty(
        forgettings,
        fc.integer({ min: 1, max: 3 }),
        async (history, max_records) => {
          const { world, close } = await realWorld(history);
          stale += await runDisturbed(world, max_records, 2);
          const dumps = await dumpsOf(world.stores);
          await close();
          expect(personal(dumps)).toEqual(personal(await dumpsAfterCleanPass(history)));
        },
      );
      await fc.assert(property, { numRuns: 5, endOnFailure: true });
      expect(stale).toBeGreaterThan(0);
    });

    test('a process that stood still past its session, and then writes what others have written since, changes nothing', async () => {
      const property = fc.asyncProperty(
        histories.filter(({ length }) => length > 20),
        async (history) => {
          const { world, prefix, schema, close } = await realWorld(history);
          const args = [brokers[0] as string, prefix, postgres_url, schema];
          const { child, closed, said } = await startMember(args);
          expect((await said()).held).toBeGreaterThan(0);
          child.kill('SIGSTOP');

          const { log, clock, stores } = world;
          const options = { log, clock, answers: stores.answers, members: 2, onError: () => {} };
          const staying = await runViews(hesitantViews(world, 5), options);
          for (const group of Object.values(groups)) await caughtUp(log, group, viewTopics, signal);
          const before = await dumpsOf(stores);

          child.stdin.write('go on\n');
          child.kill('SIGCONT');
          expect(await said()).toEqual({ wrote: true, stale: true });
          await closed;
          await staying.close();
          const after = await dumpsOf(stores);
          await close();
          expect(before).toEqual(await dumpsAfterCleanPass(history));
          expect(after).toEqual(before);
        },
      );
      await fc.assert(property, { numRuns: 3, endOnFailure: true });
    });
  },
);
