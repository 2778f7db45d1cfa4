import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { countersSchema, embeddedCounters } from '#backing/counters/embedded.ts';
import type { Stores } from '#backing/embedded.ts';
import { embeddedGraph, graphSchema } from '#backing/graph/embedded.ts';
import type { Batch } from '#backing/log/port.ts';
import { embeddedProfiles, profilesSchema } from '#backing/profiles/embedded.ts';
import { openDatabase } from '#backing/sqlite.ts';
import { embeddedVectors, vectorsSchema } from '#backing/vectors/embedded.ts';
import { changedOwners } from '../../ingest/views/changed-owners.ts';
import { readRecords } from '../../ingest/views/read-records.ts';
import { handlerOf, type View } from '../../ingest/views/view.ts';
import { deliver, worldWith } from './deliveries.ts';
import { type Dumps, forgettings, held, personal } from './forgettings.ts';
import { histories, type Written } from './histories.ts';
import { dumpsOf, never, runToEnd, viewsOf, type World } from './small-world.ts';

/** Some runs hold a few worlds each. */
vi.setConfig({ testTimeout: 240_000 });

/** The properties that views rest on, and views in which what each rests on is switched off: the first must hold, the second be found out. */
const RUNS = { numRuns: 12, endOnFailure: true } as const;

async function verdict<T>(property: fc.IAsyncProperty<T>, numRuns: number = RUNS.numRuns) {
  const { failed, counterexample } = await fc.check(property, { ...RUNS, numRuns });
  return { failed, of: counterexample === null ? 'no log' : 'some log' };
}

const HELD = { failed: false, of: 'no log' };
const FOUND = { failed: true, of: 'some log' };

/** A store that does to its database, after each call of one kind, what a defect would. */
function after<Store extends object, Name extends keyof Store>(
  store: Store,
  name: Name,
  harm: () => void,
): Store {
  const call = store[name] as (...args: unknown[]) => Promise<unknown>;
  return {
    ...store,
    async [name](...args: unknown[]) {
      const result = await call(...args);
      harm();
      return result;
    },
  };
}

/** Stores of their own whose databases can be got at. */
function ownStores() {
  const open = (schema: string) => openDatabase(':memory:', { synchronous: 'normal', schema });
  const relational = open([countersSchema, profilesSchema].join(';'));
  const [vectors, graph] = [open(vectorsSchema), open(graphSchema)];
  const profiles = embeddedProfiles(relational);
  const stores = {
    counters: embeddedCounters(relational, profiles),
    profiles: profiles.profiles,
    vectors: embeddedVectors(vectors),
    graph: embeddedGraph(graph),
  };
  return {
    stores,
    databases: { counters: relational, vectors, graph },
    close() {
      for (const db of [relational, vectors, graph]) db.close();
    },
  };
}

type Own = ReturnType<typeof ownStores>;
type Break = (own: Own) => Partial<Stores>;
const nothing: Break = () => ({});

/** That views over such stores are left, by whatever deliveries, as sound ones are by a clean pass. */
const asCleanPass = (logs: fc.Arbitrary<Written[]>, of: (dumps: Dumps) => string[], harm: Break) =>
  fc.asyncProperty(logs, fc.gen(), async (written, gen) => {
    const own = ownStores();
    const [world, clean] = [await worldWith(written), await worldWith(written)];
    const stores: Stores = { ...world.stores, ...own.stores, ...harm(own) };
    await deliver(world, viewsOf({ ...stores, log: world.log }), gen);
    expect(await runToEnd(clean)).toEqual([]);
    const [dumps, sound] = [of(await dumpsOf(stores)), of(await dumpsOf(clean.stores))];
    await Promise.all([world.close(), clean.close()]);
    own.close();
    expect(dumps).toEqual(sound);
  });

describe('without the memory of what was counted', () => {
  const forgetful: Break = ({ stores, databases }) => ({
    counters: after(stores.counters, 'apply', () => databases.counters.exec('DELETE FROM identities')),
  });

  it('views are found out: what comes again counts again', async () => {
    expect(await verdict(asCleanPass(histories, held, nothing))).toEqual(HELD);
    expect(await verdict(asCleanPass(histories, held, forgetful), 200)).toEqual(FOUND);
  });
});

describe('without the memory of who was forgotten', () => {
  const name = ['counters', 'vectors', 'graph'] as const;

  it('each view is found out: what comes late of a person is there again', async () => {
    expect(await verdict(asCleanPass(forgettings, personal, nothing))).toEqual(HELD);
    for (const one of name) {
      const forgetful: Break = ({ stores, databases }) => ({
        [one]: after(stores[one] as { forget: unknown }, 'forget', () =>
          databases[one].exec('DELETE FROM forgotten'),
        ),
      });
      expect([one, await verdict(asCleanPass(forgettings, personal, forgetful), 400)]).toEqual([one, FOUND]);
    }
  });
});

describe('without raising the epoch again', () => {
  type Handle = (batch: Batch) => Promise<unknown>;
  type HandlerFor = (view: View, world: World, answers: Stores['answers']) => Handle;

  /**
   * That an answer begun before a batch was written has ended once the batch is done with: though the process may die
   * between the write and the epochs, and the batch come again.
   */
  const endsAnswers = (handlerFor: HandlerFor) =>
    fc.asyncProperty(histories, fc.gen(), async (written, gen) => {
      const world = await worldWith(written);
      const { answers } = world.stores;
      const answering = world.views.filter(({ behind_answers }) => !behind_answers);
      await deliver(world, answering, gen, (view) => async (batch) => {
        const owners = changedOwners(readRecords(batch, view.group));
        const epochs = () =>
          Promise.all(owners.map(({ tenant_id, user_id: who }) => answers.read(tenant_id, who, never)));
        const before = await epochs();
        let dies = gen(fc.boolean);
        const mortal: Stores['answers'] = {
          ...answers,
          async raise(...args) {
            if (!dies) return answers.raise(...args);
            dies = false;
            throw new Error('The process has died');
          },
        };
        const handle = handlerFor(view, world, mortal);
        await handle(batch).catch(() => handle({ ...batch, attempt: 2 }));
        for (const [at, { user, tenant }] of (await epochs()).entries()) {
          const was = before[at] as { user: number; tenant: number };
          expect(user + tenant).toBeGreaterThan(was.user + was.tenant);
        }
      });
      await world.close();
    });

  const sound: HandlerFor = (view, { log, clock }, answers) => handlerOf(view, { log, clock, answers });
  const onlyOnce: HandlerFor = (view, world, answers) => (batch) => {
    const raising = { ...answers, raise: async () => {} };
    return sound(view, world, batch.attempt > 1 ? raising : answers)(batch);
  };

  it('a view is found out: an answer outlives what it was made of', async () => {
    expect(await verdict(endsAnswers(sound))).toEqual(HELD);
    expect(await verdict(endsAnswers(onlyOnce), 100)).toEqual(FOUND);
  });
});
