import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Chaos } from '#backing/log/chaos.ts';
import type { Message } from '#backing/log/port.ts';
import type { Event } from '#contract/event.ts';
import { identity } from '#contract/event.ts';
import { topics } from '#contract/topics.ts';
import { handlerOf } from '../../ingest/views/view.ts';
import { campaignArbOf, eventArbOf, redeliveries } from '../support/arbitraries.ts';
import {
  batchOf,
  campaignRecordOf,
  dumpsOf,
  never,
  openWorld,
  partitionsOf,
  recordOf,
  runToEnd,
  viewsOf,
  type World,
  type WorldOptions,
} from './small-world.ts';

type Written = { topic: string; record: Message };

const tenants = fc.constantFrom('acme', 'rival');
const campaign_id = fc.constantFrom('c-1', 'c-2', 'c-3');
/** Few people and ids, so that identities meet: again, or with another content. */
const events = eventArbOf({
  user_id: fc.constantFrom('ann', 'bob', 'cleo', '|trey|'),
  message_id: fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'm-5'),
  campaign_id,
});

const on = fc.constantFrom([topics.events], [topics.imports], [topics.events, topics.imports]);

type Step =
  | { kind: 'event'; tenant_id: string; event: Event; on: readonly string[] }
  | { kind: 'again'; back: number; on: readonly string[] }
  | { kind: 'campaign'; tenant_id: string; campaign_id: string; campaign: object | null };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('event' as const),
        tenant_id: tenants,
        event: events,
        on,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('again' as const), back: fc.nat({ max: 5 }), on }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('campaign' as const),
        tenant_id: tenants,
        campaign_id,
        campaign: fc.option(campaignArbOf({ campaign_id }), { nil: null }),
      }),
    },
  ),
  { minLength: 1, maxLength: 80, size: 'max' },
);

/**
 * What stands on the log after the steps. Twins with another content stay within one topic: between two there
 * is no order that could say which of them counts.
 */
function writtenBy(history: readonly Step[]): Written[] {
  const known = new Map<string, { content: string; on: Set<string>; conflicting: boolean }>();
  const past: { tenant_id: string; event: Event }[] = [];

  const write = (tenant_id: string, event: Event, on: readonly string[]): Written[] => {
    past.unshift({ tenant_id, event });
    const [id, content] = [identity(tenant_id, event), JSON.stringify(event)];
    const before = known.get(id) ?? { content, on: new Set(), conflicting: false };
    const conflicting = before.conflicting || before.content !== content;
    if (conflicting && before.on.size > 1) return [];
    const where = conflicting ? [...before.on] : on;
    known.set(id, { ...before, on: new Set([...before.on, ...where]), conflicting });
    return where.map((topic) => ({ topic, record: recordOf(event, tenant_id) }));
  };

  return history.flatMap((step): Written[] => {
    if (step.kind === 'event') return write(step.tenant_id, step.event, step.on);
    if (step.kind === 'again') {
      const one = past[step.back];
      return one ? write(one.tenant_id, one.event, step.on) : [];
    }
    const { tenant_id, campaign_id: id, campaign } = step;
    const content = campaign && { ...campaign, campaign_id: id };
    return [{ topic: topics.campaigns, record: campaignRecordOf(id, content, tenant_id) }];
  });
}

const histories = steps.map(writtenBy);

async function worldWith(written: readonly Written[], options: WorldOptions = {}): Promise<World> {
  const world = openWorld(options);
  for (const { topic, record } of written) await world.log.append(topic, [record], never);
  return world;
}

/** The dumps after one pass, each partition from its start to its end, nothing twice. */
async function afterCleanPass(written: readonly Written[]) {
  const world = await worldWith(written);
  expect(await runToEnd(world)).toEqual([]);
  const dumps = await dumpsOf(world.stores);
  await world.close();
  return dumps;
}

/** The world's views in small batches, over stores that let others run before and after each write. */
function hesitantViews({ stores }: World, max_records: number) {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const slow =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      await turn();
      const result = await write(...args);
      await turn();
      return result;
    };
  const { counters, catalogue, vectors } = stores;
  return viewsOf({
    counters: { ...counters, apply: slow(counters.apply) },
    catalogue: { ...catalogue, put: slow(catalogue.put) },
    vectors: { ...vectors, putMessages: slow(vectors.putMessages), putCampaigns: slow(vectors.putCampaigns) },
  }).map((view) => ({ ...view, max_records }));
}

const chaos: fc.Arbitrary<Chaos> = fc.record({
  seed: fc.integer(),
  actions: fc.integer({ min: 0, max: 120 }),
});

it('consumers reassigned in mid-batch, commits lost and records handed over again leave every view as one clean pass does', async () => {
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
});

it('any slices, each partition in its order, interleaved anyhow and repeated, leave every view as one clean pass does', async () => {
  const property = fc.asyncProperty(histories, fc.gen(), async (history, gen) => {
    const world = await worldWith(history);
    for (const view of world.views) {
      const handle = handlerOf(view, { log: world.log, clock: world.clock, answers: world.stores.answers });
      const waiting = (await partitionsOf(world.log, view.topics)).map((records) =>
        gen(redeliveries, records),
      );
      for (;;) {
        const open = waiting.filter((slices) => slices.length > 0);
        if (open.length === 0) break;
        const slice = open[gen(fc.nat, { max: open.length - 1 })]?.shift();
        if (slice?.length) await handle(batchOf(slice));
      }
    }
    const dumps = await dumpsOf(world.stores);
    await world.close();
    expect(dumps).toEqual(await afterCleanPass(history));
  });
  await fc.assert(property, { numRuns: 100 });
});

it('the same written twice changes no view', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      expect(await afterCleanPass([...history, ...history])).toEqual(await afterCleanPass(history));
    }),
    { numRuns: 50 },
  );
});

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
