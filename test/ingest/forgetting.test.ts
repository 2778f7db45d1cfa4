import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test, vi } from 'vitest';
import type { Message } from '#backing/log/port.ts';
import { deletionRecord, eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { topics } from '#contract/topics.ts';
import { deadLetters } from '../../ingest/dead-letters/ledger.ts';
import { deadLetter, redactedRecord } from '../../ingest/dead-letters/letter.ts';
import { graphView } from '../../ingest/views/graph.ts';
import { runViews, type ViewFailure } from '../../ingest/views/run-views.ts';
import { handlerOf } from '../../ingest/views/view.ts';
import { eventArbOf, redeliveries } from '../support/arbitraries.ts';
import { batchOf, dumpsOf, never, openWorld, partitionsOf, recordOf, runToEnd } from './small-world.ts';

const deletion_id = '0d9c64a9-6a1f-4f5e-9d15-0d6e6f7c8a11';
const hour = (at: number) => `2026-11-01T${String(at).padStart(2, '0')}:00:00.000Z`;
const forgetting = (user_id: string, at: number, tenant_id = 'acme'): Message =>
  deletionRecord({ tenant_id, accepted_at: hour(at), deletion: { deletion_id, user_id } });

type Written = { topic: string; record: Message };

const people = ['ann', 'bob', '|trey|'];
type Step = { kind: 'event'; event: Event; late: number; on: string } | { kind: 'forget'; user_id: string };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('event' as const),
        event: eventArbOf({
          user_id: fc.constantFrom(...people),
          message_id: fc.constant('m'),
          campaign_id: fc.constantFrom('c-1', 'c-2'),
        }),
        late: fc.integer({ min: 0, max: 6 }),
        on: fc.constantFrom(topics.events, topics.imports),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('forget' as const), user_id: fc.constantFrom(...people) }),
    },
  ),
  { minLength: 4, maxLength: 22 },
);

/** The log of the steps, one an hour: each event has an id of its own, and may have occurred hours before. */
function logOf(history: readonly Step[]) {
  const written: Written[] = [];
  const events: { accepted_at: string; event: Event; on: string }[] = [];
  const since = new Map<string, string>();
  for (const [at, step] of history.entries()) {
    if (step.kind === 'forget') {
      since.set(step.user_id, hour(at));
      written.push({ topic: topics.events, record: forgetting(step.user_id, at) });
      continue;
    }
    // What answers a message names one that was written before, if any was.
    const past = events.filter(({ event }) => event.type === 'message').map(({ event }) => event.message_id);
    const event = {
      ...step.event,
      message_id: `m-${at}`,
      occurred_at: hour(Math.max(0, at - step.late)),
      ...(step.event.type === 'message' && step.event.reply_to
        ? { reply_to: past[step.late % Math.max(1, past.length)] ?? null }
        : {}),
    } as Event;
    const accepted_at = hour(at);
    events.push({ accepted_at, event, on: step.on });
    written.push({ topic: step.on, record: eventRecord({ tenant_id: 'acme', accepted_at, event }) });
  }
  const lives = ({ accepted_at, event: { user_id, occurred_at } }: (typeof events)[number]) => {
    const gone = since.get(user_id) ?? '';
    return accepted_at > gone && occurred_at > gone;
  };
  return { written, since, events, lives };
}

async function worldWith(written: readonly Written[]) {
  const world = openWorld();
  for (const { topic, record } of written) await world.log.append(topic, [record], never);
  return world;
}

/** What views hold, but for counts, which have no person, and for the archive, which forgets by itself. */
function personal({ counters = [], profiles = [], vectors = [], graph = [] }: Record<string, string[]>) {
  const counted = counters.filter((line) => !/^\["(daily|ten)"/.test(line));
  return { counters: counted, profiles, vectors, graph };
}

/** Every few runs hold a few worlds each. */
const PATIENCE_MS = 240_000;

describe('forgetting a person', () => {
  test(
    'whatever slices of the log are handed over, in any order of its topics, late or again, every view is as one clean pass leaves it',
    async () => {
      let forgotten = 0;
      await fc.assert(
        fc.asyncProperty(steps, fc.gen(), async (history, gen) => {
          const { written, since } = logOf(history);
          forgotten += since.size;
          const [world, clean] = [await worldWith(written), await worldWith(written)];
          for (const view of world.views) {
            const about = { log: world.log, clock: world.clock, answers: world.stores.answers };
            const handle = handlerOf(view, about);
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
          expect(await runToEnd(clean)).toEqual([]);
          expect(personal(await dumpsOf(world.stores))).toEqual(personal(await dumpsOf(clean.stores)));
          await Promise.all([world.close(), clean.close()]);
        }),
        { numRuns: 25 },
      );
      expect(forgotten).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );

  test(
    'it leaves of their profiles, vectors and own edges what a log of nothing but living events does',
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const { written, events, lives } = logOf(history);
          const world = await worldWith(written);
          const living = await worldWith(
            events.filter(lives).map(({ on, accepted_at, event }) => ({
              topic: on,
              record: eventRecord({ tenant_id: 'acme', accepted_at, event }),
            })),
          );
          for (const each of [world, living]) expect(await runToEnd(each)).toEqual([]);
          const [a, b] = [await dumpsOf(world.stores), await dumpsOf(living.stores)];
          expect(a['profiles']).toEqual(b['profiles']);
          const rows = (lines: string[] = []) => lines.filter((line) => !line.startsWith('["forgotten"'));
          expect(rows(a['vectors'])).toEqual(rows(b['vectors']));
          const own = (lines: string[] = []) => lines.filter((line) => /^\["(engaged|wrote)"/.test(line));
          expect(own(a['graph'])).toEqual(own(b['graph']));
          await Promise.all([world.close(), living.close()]);
        }),
        { numRuns: 15 },
      );
    },
    PATIENCE_MS,
  );

  test('raises their epoch once the views have forgotten them, and nobody else’s', async () => {
    const world = openWorld();
    const { answers } = world.stores;
    await world.log.append(topics.events, [forgetting('ann', 1)], never);
    const before = [await answers.read('acme', 'ann', never), await answers.read('acme', 'bob', never)];
    expect(await runToEnd(world)).toEqual([]);
    expect((await answers.read('acme', 'ann', never)).user).toBeGreaterThan(before[0]?.user as number);
    expect(await answers.read('acme', 'bob', never)).toEqual(before[1]);
  });

  test('a deletion that a store refuses for good pauses its partition: it is no dead letter, and nothing passes it', async () => {
    const world = openWorld();
    const refusal = Object.assign(new Error('never'), { code: 'record_refused', retryable: false });
    const { graph } = world.stores;
    const views = [graphView({ graph: { ...graph, forget: () => Promise.reject(refusal) } })];
    const click = { message_id: 'm', type: 'click', user_id: 'ann', campaign_id: 'c', occurred_at: hour(2) };
    const [{ partition = 0 } = {}] = await world.log.append(
      topics.events,
      [forgetting('ann', 1), recordOf(click)],
      never,
    );
    const told: ViewFailure[] = [];
    const { clock, log } = world;
    const run = await runViews(views, {
      log,
      clock,
      answers: world.stores.answers,
      members: 1,
      onError: (failure) => told.push(failure),
    });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await run.close();
    expect(told[0]).toMatchObject({ error: refusal, retry_ms: null });
    expect((await log.ends(topics.deadLetters, never)).every((end) => end === 0)).toBe(true);
    expect((await log.committed('graph', topics.events, never))[partition]).toBe(0);
  });

  test('their dead letters are told no more, whichever came first, but for those of what they did afterwards', async () => {
    const world = openWorld();
    const { log, clock } = world;
    const ledger = deadLetters({ log, clock });
    const click = (message_id: string, at: number, user_id = 'ann') => {
      const event = { message_id, type: 'click', user_id, campaign_id: 'c', occurred_at: hour(at) };
      const accepted_at = hour(at);
      return eventRecord({ tenant_id: 'acme', accepted_at, event: v.parse(Event, event) });
    };
    const letterOf = (record: Message, offset: number) =>
      deadLetter(
        {
          record: { ...record, topic: topics.events, partition: 0, offset, appended_ms: 0 },
          error: { code: 'record_refused', message: 'no' },
          attempts: 1,
        },
        { group: 'graph', now_ms: Date.parse(hour(9)) },
      );
    const unread = { ...click('m', 1), value: Buffer.from('?') };
    await log.append(topics.deadLetters, [click('before', 1), unread].map(letterOf), never);
    const { key } = click('before', 1);
    await log.append(topics.deadLetters, [redactedRecord({ key, forgotten_at: hour(5) })], never);
    const later = [click('late', 4), click('new', 6), click('another', 1, 'bob')];
    await log.append(
      topics.deadLetters,
      later.map((record, at) => letterOf(record, 10 + at)),
      never,
    );
    const { letters, total } = await ledger.list(never);
    expect(letters.map(({ id }) => id).sort()).toEqual(['graph:events:0:11', 'graph:events:0:12']);
    expect(total).toBe(2);
    expect(await ledger.find('graph:events:0:0', never)).toBeNull();
    expect(await ledger.redrive('graph:events:0:10', never)).toBe(false);
  });
});
