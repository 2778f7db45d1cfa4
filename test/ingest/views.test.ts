import { describe, expect, it } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { partitionOf } from '#backing/log/partition.ts';
import type { Log, Message } from '#backing/log/port.ts';
import { LogUnavailable } from '#backing/log/port.ts';
import { NewerEnvelope } from '#contract/envelope.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import type { DeadLetter } from '../../ingest/dead-letters/letter.ts';
import { embeddingsView } from '../../ingest/views/embeddings.ts';
import { runViews, type ViewFailure } from '../../ingest/views/run-views.ts';
import { handlerOf, StaleBatch } from '../../ingest/views/view.ts';
import { otherEmbedder } from '../support/other-embedder.ts';
import { allRecords, campaign, click, message } from './signed-requests.ts';
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
} from './small-world.ts';

/** Retries at once. */
const backoff = {
  after(_ms: number, run: () => void) {
    const soon = setImmediate(run);
    return () => clearImmediate(soon);
  },
};

const poison = (bytes: string, user_id = 'ann'): Message => ({
  ...recordOf(message({ user_id })),
  value: Buffer.from(bytes),
});
const newer = (user_id = 'ann') => poison(JSON.stringify({ v: 9, tenant_id: 'acme', thoughts: [] }), user_id);

async function deadLetters(log: Log): Promise<DeadLetter[]> {
  return (await allRecords(log, topics.deadLetters)).map(({ value }) =>
    JSON.parse(Buffer.from(value).toString()),
  );
}

/** Everything on one topic, as one batch: a world where all belongs to one person has one partition. */
async function onlyBatch({ log }: World, topic: string) {
  const [records = [], ...others] = await partitionsOf(log, [topic]);
  expect(others).toEqual([]);
  return records;
}

async function totalCount({ stores }: World): Promise<number> {
  const days = await stores.counters.daily('acme', '0000-01-01', '9999-12-31', never);
  return days.reduce((sum, { count }) => sum + count, 0);
}

const epochs = ({ stores }: World, user_id: string | null = 'ann') =>
  stores.answers.read('acme', user_id, never);

describe('a record that cannot be read', () => {
  it('goes to the dead letters with its origin, and the 9,999 around it are processed', async () => {
    const world = openWorld();
    const clicks = Array.from({ length: 9_999 }, (_, at) =>
      recordOf(click({ message_id: `c-${at}`, user_id: `u-${at % 97}` })),
    );
    clicks.splice(5_000, 0, poison('{"v":1,"tenant_id":"acme"', 'u-7'));
    const places = await world.log.append(topics.events, clicks, never);

    expect(await runToEnd(world)).toEqual([]);
    expect(await totalCount(world)).toBe(9_999);
    const letters = await deadLetters(world.log);
    expect(letters.map(({ group }) => group).sort()).toEqual(answeringGroups.sort());
    for (const letter of letters) {
      expect(letter).toEqual({
        v: 1,
        group: expect.any(String),
        ...places[5_000],
        key: '["acme","u-7"]',
        code: 'bad_envelope',
        message: 'The record is not JSON in UTF-8',
        attempts: 1,
        at: '2026-11-01T10:00:00.000Z',
        value: Buffer.from('{"v":1,"tenant_id":"acme"').toString('base64'),
      });
    }
  });

  it.each([
    ['of bytes that are no text', Buffer.from([0xff, 0x00]).toString('latin1'), /UTF-8|JSON/],
    ['of no version', '{}', /v: /],
    ['that is no object', 'null', /Expected Object|The record/],
    [
      'with a field too many',
      JSON.stringify({
        v: 1,
        tenant_id: 'acme',
        accepted_at: '2026-11-01T10:00:00.000Z',
        event: message(),
        x: 1,
      }),
      /^x: /,
    ],
    [
      'with an event that is none',
      JSON.stringify({ v: 1, tenant_id: 'acme', accepted_at: '2026-11-01T10:00:00.000Z', event: {} }),
      /event/,
    ],
  ])('%s is told what was wrong with it', async (_name, bytes, why) => {
    const world = openWorld();
    await world.log.append(topics.events, [poison(bytes)], never);
    await runToEnd(world);
    expect((await deadLetters(world.log)).map(({ message: told }) => told)).toEqual(
      answeringGroups.map(() => expect.stringMatching(why)),
    );
  });

  it('is not passed over until its dead letter is written', async () => {
    const world = openWorld({ backoff });
    await world.log.append(topics.events, [recordOf(click()), poison('?'), recordOf(message())], never);
    let refusals = 3;
    const log: Log = {
      ...world.log,
      append: async (topic, ...rest) => {
        if (topic === topics.deadLetters && refusals-- > 0) throw new LogUnavailable('gone');
        return world.log.append(topic, ...rest);
      },
    };
    const failures = await runToEnd(world, { log, views: [world.views[0]] }, [groups.counters]);
    expect(failures.map(({ retry_ms }) => typeof retry_ms)).toEqual(['number', 'number', 'number']);
    expect((await deadLetters(world.log)).map(({ attempts }) => attempts)).toEqual([4]);
    expect(await totalCount(world)).toBe(1);
  });
});

describe('a record of a newer version', () => {
  it('pauses its partition, loudly, once all before it is processed, and nothing of it goes to the dead letters', async () => {
    const world = openWorld();
    const before = [recordOf(click()), recordOf(message())];
    const [place] = await world.log.append(
      topics.events,
      [...before, newer(), recordOf(click({ message_id: 'm-9' }))],
      never,
    );
    const told = Promise.withResolvers<ViewFailure>();
    const running = await runViews([world.views[0]], {
      log: world.log,
      answers: world.stores.answers,
      clock: world.clock,
      members: 1,
      onError: told.resolve,
    });
    const { view, error, batch, retry_ms } = await told.promise;
    await running.close();

    expect([view, retry_ms, batch.topic, batch.partition]).toEqual([
      groups.counters,
      null,
      topics.events,
      place?.partition,
    ]);
    expect(error).toBeInstanceOf(NewerEnvelope);
    expect(String(error)).toMatch(/version 9.*upgrade/);
    expect(await totalCount(world)).toBe(1);
    expect((await epochs(world)).user).toBeGreaterThan((await epochs(world, 'somebody-else')).user);
    expect(await deadLetters(world.log)).toEqual([]);
    const committed = await world.log.committed(groups.counters, topics.events, never);
    expect(committed[place?.partition as number]).toBe(0);
  });

  it('leaves the other partitions going on', async () => {
    const world = openWorld();
    const partition = ({ key }: Message) => partitionOf(key, 8);
    const others = Array.from({ length: 50 }, (_, at) => recordOf(click({ user_id: `u-${at}` }))).filter(
      (record) => partition(record) !== partition(newer('u-0')),
    );
    const [told, allCounted] = [Promise.withResolvers<ViewFailure>(), Promise.withResolvers<void>()];
    let left = others.length;
    const counters: typeof world.stores.counters = {
      ...world.stores.counters,
      async apply(...args) {
        const applied = await world.stores.counters.apply(...args);
        left -= applied.counted;
        if (left === 0) allCounted.resolve();
        return applied;
      },
    };
    const [view] = viewsOf({ ...world.stores, log: world.log, counters });
    await world.log.append(topics.events, [newer('u-0')], never);
    const running = await runViews([view], {
      log: world.log,
      answers: world.stores.answers,
      clock: world.clock,
      members: 1,
      onError: told.resolve,
    });
    expect((await told.promise).retry_ms).toBe(null);
    await world.log.append(topics.events, others, never);
    await allCounted.promise;
    await running.close();
    expect(await totalCount(world)).toBe(others.length);
  });
});

describe('epochs', () => {
  it('of whoever wrote, clicked, converted or dismissed are raised by every view, and of the tenant by campaigns; impressions raise none', async () => {
    for (const at of [0, 1, 2] as const) {
      const world = openWorld();
      const doing: [string, object][] = [
        ['ann', message({ user_id: 'ann' })],
        ['bob', click({ user_id: 'bob' })],
        ['cleo', click({ user_id: 'cleo', type: 'conversion' })],
        ['dan', click({ user_id: 'dan', type: 'dismissal' })],
        ['eve', click({ user_id: 'eve', type: 'impression' })],
      ];
      const floor = await epochs(world);
      await world.log.append(
        topics.events,
        doing.map(([, event]) => recordOf(event)),
        never,
      );
      await runToEnd(world, { views: [world.views[at]] }, [world.views[at].group]);
      const raised = await Promise.all(
        doing.map(async ([user_id]) => (await epochs(world, user_id)).user > floor.user),
      );
      expect(raised).toEqual([true, true, true, true, false]);
      expect((await epochs(world)).tenant).toBe(floor.tenant);

      await world.log.append(topics.campaigns, [campaignRecordOf('wifi', campaign())], never);
      await runToEnd(world, { views: [world.views[at]] }, [world.views[at].group]);
      expect((await epochs(world)).tenant).toBeGreaterThan(floor.tenant);
    }
  });

  it('are raised once a batch, after the store has it, and again when it comes again, which changes nothing else', async () => {
    const world = openWorld();
    await world.log.append(
      topics.events,
      [recordOf(message()), recordOf(click()), recordOf(click({ message_id: 'm-3' }))],
      never,
    );
    const records = await onlyBatch(world, topics.events);
    for (const view of world.views.filter(({ behind_answers }) => !behind_answers)) {
      const raises: number[] = [];
      const answers = {
        ...world.stores.answers,
        raise: async (...args: Parameters<typeof world.stores.answers.raise>) => {
          raises.push(args[0].length);
          expect(await dumpsOf(world.stores)).toEqual(after ?? (await dumpsOf(world.stores)));
          await world.stores.answers.raise(...args);
        },
      };
      let after: Record<string, string[]> | undefined;
      const handle = handlerOf(view, { log: world.log, clock: world.clock, answers });
      await handle(batchOf(records));
      after = await dumpsOf(world.stores);
      const once = await epochs(world);
      await handle(batchOf(records, { attempt: 2 }));
      expect(await dumpsOf(world.stores)).toEqual(after);
      expect((await epochs(world)).user).toBeGreaterThan(once.user);
      expect(raises).toEqual([1, 1]);
    }
    expect(await totalCount(world)).toBe(2);
  });

  it('are not raised by a view that is behind no answer', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [recordOf(message())], never);
    const records = await onlyBatch(world, topics.events);
    const before = await epochs(world);
    const view = world.views.find(({ behind_answers }) => behind_answers);
    if (!view) throw new Error('There is no such view');
    const handle = handlerOf(view, { log: world.log, clock: world.clock, answers: world.stores.answers });
    await handle(batchOf(records));
    expect((await dumpsOf(world.stores))['archive']).toHaveLength(1);
    expect(await epochs(world)).toEqual(before);
  });

  it('are not raised, and nothing is committed, where the store fails; then all of it is done again', async () => {
    const world = openWorld({ backoff });
    await world.log.append(topics.events, [recordOf(click())], never);
    const floor = await epochs(world);
    let failing = 2;
    const seen: boolean[] = [];
    const counters: typeof world.stores.counters = {
      ...world.stores.counters,
      async apply(...args) {
        seen.push((await epochs(world)).user === floor.user);
        if (failing-- > 0) throw new Error('the store is down');
        return world.stores.counters.apply(...args);
      },
    };
    const [view] = viewsOf({ ...world.stores, log: world.log, counters });
    const failures = await runToEnd(world, { views: [view] }, [groups.counters]);
    expect([failures.length, seen]).toEqual([2, [true, true, true]]);
    expect(await totalCount(world)).toBe(1);
    expect((await epochs(world)).user).toBeGreaterThan(floor.user);
  });
});

describe('a batch whose partition was taken away', () => {
  it('writes nothing and raises nothing', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [recordOf(click()), poison('?'), recordOf(message())], never);
    const records = await onlyBatch(world, topics.events);
    const before = [await dumpsOf(world.stores), await epochs(world)];
    for (const view of world.views) {
      const handle = handlerOf(view, { log: world.log, clock: world.clock, answers: world.stores.answers });
      await expect(handle(batchOf(records, { isStale: () => true }))).rejects.toBeInstanceOf(StaleBatch);
    }
    expect([await dumpsOf(world.stores), await epochs(world)]).toEqual(before);
    expect(await deadLetters(world.log)).toEqual([]);
  });

  it('while its texts were embedded, writes no vectors', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [recordOf(message())], never);
    await world.log.append(topics.campaigns, [campaignRecordOf('wifi', campaign())], never);
    for (const topic of [topics.events, topics.campaigns]) {
      const records = await onlyBatch(world, topic);
      // The first look is before the view is asked to write, the second after the texts are embedded.
      let looks = 0;
      const handle = handlerOf(world.views[1], {
        log: world.log,
        clock: world.clock,
        answers: world.stores.answers,
      });
      await expect(handle(batchOf(records, { isStale: () => ++looks > 1 }))).rejects.toBeInstanceOf(
        StaleBatch,
      );
    }
    expect((await dumpsOf(world.stores))['vectors']).toEqual([]);
  });

  it('while it was written, raises nothing and writes no dead letter: that is for whoever has it now', async () => {
    const world = openWorld();
    await world.log.append(topics.events, [recordOf(click()), poison('?')], never);
    const records = await onlyBatch(world, topics.events);
    let stale = false;
    const counters: typeof world.stores.counters = {
      ...world.stores.counters,
      async apply(...args) {
        const applied = await world.stores.counters.apply(...args);
        stale = true;
        return applied;
      },
    };
    const [view] = viewsOf({ ...world.stores, log: world.log, counters });
    const floor = await epochs(world);
    const handle = handlerOf(view, { log: world.log, clock: world.clock, answers: world.stores.answers });
    await expect(handle(batchOf(records, { isStale: () => stale }))).rejects.toBeInstanceOf(StaleBatch);
    expect(await epochs(world)).toEqual(floor);
    expect(await deadLetters(world.log)).toEqual([]);
  });

  it('is no failure that anybody is told of', async () => {
    const world = openWorld({ chaos: { seed: 5, actions: 200 } });
    const events = Array.from({ length: 300 }, (_, at) =>
      recordOf(click({ message_id: `c-${at}`, user_id: `u-${at % 20}` })),
    );
    await world.log.append(topics.events, events, never);
    expect(await runToEnd(world, { members: 3 })).toEqual([]);
    expect(await totalCount(world)).toBe(300);
  });
});

describe('vectors', () => {
  const version = { on_at_ms: Date.parse('2026-11-01T10:00:00Z'), locale: null, k: 10 };

  async function found({ stores }: World, text: string): Promise<string[]> {
    const vectors = await hashingEmbedder.embed([text], never);
    const search = { tenant_id: 'acme', version: hashingEmbedder.version, vectors, ...version };
    const [hits = []] = await stores.vectors.nearestCampaigns(search, never);
    return hits.filter(({ similarity }) => similarity > 0.2).map(({ campaign_id }) => campaign_id);
  }

  it('of a campaign are found by its title, text and tags, follow its text, and go with it', async () => {
    const world = openWorld();
    const write = async (content: object | null) => {
      await world.log.append(
        topics.campaigns,
        [campaignRecordOf('c', content && { title: 'x', text: 'y', ...content })],
        never,
      );
      await runToEnd(world);
    };
    await write({ title: 'Wireless suspend' });
    expect(await found(world, 'wireless suspend')).toEqual(['c']);
    await write({ text: 'Printers and paper' });
    expect([await found(world, 'wireless suspend'), await found(world, 'printers paper')]).toEqual([
      [],
      ['c'],
    ]);
    await write({ tags: ['bluetooth'] });
    expect(await found(world, 'bluetooth')).toEqual(['c']);
    await write({ title: '!', text: '?' });
    expect(await found(world, 'bluetooth')).toEqual([]);
    expect(await world.stores.vectors.campaign(hashingEmbedder.version, 'acme', 'c', never)).toBe(null);
    await write({ tags: ['bluetooth'] });
    await write(null);
    expect(await found(world, 'bluetooth')).toEqual([]);
  });

  it('are kept of what was said, with what it was about, and not of what says nothing', async () => {
    const world = openWorld();
    const said = [message({ campaign_id: 'wifi' }), message({ message_id: 'm-8', text: '!?' }), click()];
    await world.log.append(
      topics.events,
      said.map((event) => recordOf(event)),
      never,
    );
    await runToEnd(world);
    const vectors = await world.stores.vectors.messages(
      hashingEmbedder.version,
      'acme',
      'ann',
      ['m-1', 'm-8', 'm-2'],
      never,
    );
    expect(vectors.map((vector) => vector !== null)).toEqual([true, false, false]);
    expect((await dumpsOf(world.stores))['vectors']).toEqual([expect.stringContaining('"wifi"')]);
  });
});

describe('with several embedders', () => {
  const written = [
    { topic: topics.events, record: recordOf(message()) },
    { topic: topics.campaigns, record: campaignRecordOf('wifi', campaign()) },
  ];

  async function worldWith(...beside: Embedder[]) {
    const world = openWorld();
    for (const { topic, record } of written) await world.log.append(topic, [record], never);
    const embedders = embeddersOf(hashingEmbedder, ...beside);
    return { ...world, view: embeddingsView({ embedders, vectors: world.stores.vectors }) };
  }

  async function versionsIn({ vectors }: World['stores']) {
    const has = async ({ version }: Embedder) => [
      (await vectors.messages(version, 'acme', 'ann', ['m-1'], never))[0]?.length,
      (await vectors.campaign(version, 'acme', 'wifi', never))?.length,
    ];
    return [await has(hashingEmbedder), await has(otherEmbedder)];
  }

  it('vectors of each version are written, of all that is said and of campaigns', async () => {
    const world = await worldWith(otherEmbedder);
    expect(await runToEnd(world, { views: [world.view] }, [groups.embeddings])).toEqual([]);
    expect(await versionsIn(world.stores)).toEqual([
      [256, 256],
      [64, 64],
    ]);
  });

  it("vectors of a tenant's own version are written of what is theirs, and of nobody else's", async () => {
    for (const [tenant_id, written] of [
      ['acme', 64],
      ['other', 0],
    ] as const) {
      const world = await worldWith({ ...otherEmbedder, tenant_id });
      expect(await runToEnd(world, { views: [world.view] }, [groups.embeddings])).toEqual([]);
      expect(await versionsIn(world.stores)).toEqual([
        [256, 256],
        [written, written].map((size) => size || undefined),
      ]);
    }
  });

  it('while one beside fails the usual vectors are there, and its own follow once it is well', async () => {
    let down = true;
    const failing: Embedder = {
      version: otherEmbedder.version,
      async embed(texts, signal) {
        if (down) throw new Error('down');
        return otherEmbedder.embed(texts, signal);
      },
    };
    const world = await worldWith(failing);
    const handle = handlerOf(world.view, { ...world, answers: world.stores.answers });
    const batches = [];
    for (const { topic } of written) batches.push(batchOf(await onlyBatch(world, topic)));
    for (const batch of batches) await expect(handle(batch)).rejects.toThrow('down');
    expect(await versionsIn(world.stores)).toEqual([
      [256, 256],
      [undefined, undefined],
    ]);
    down = false;
    for (const batch of batches) await handle(batch);
    expect((await versionsIn(world.stores))[1]).toEqual([64, 64]);
  });
});

it('closing waits for the batch at hand', async () => {
  const world = openWorld();
  await world.log.append(topics.events, [recordOf(click())], never);
  const [arrived, mayWrite] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let wrote = false;
  const counters: typeof world.stores.counters = {
    ...world.stores.counters,
    async apply(events) {
      arrived.resolve();
      await mayWrite.promise;
      wrote = true;
      return world.stores.counters.apply(events, never);
    },
  };
  const [view] = viewsOf({ ...world.stores, log: world.log, counters });
  const failures: ViewFailure[] = [];
  const running = await runViews([view], {
    log: world.log,
    answers: world.stores.answers,
    clock: world.clock,
    members: 1,
    onError: (failure) => failures.push(failure),
  });
  await arrived.promise;
  const closed = running.close().then(() => wrote);
  mayWrite.resolve();
  expect(await closed).toBe(true);
  expect(failures).toEqual([]);
});
