import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Counted, Counters } from '#backing/counters/port.ts';
import { FOR_GOOD, forgottenKey, forgottenMessageKey } from '#backing/forgotten.ts';
import { type Edge, type Graph, leadsTo } from '#backing/graph/port.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import type { MessageVector, Vectors } from '#backing/vectors/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import { ODD_IDS } from '../support/arbitraries.ts';
import { newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';

type Subject<Store> = { name: string; open(): Promise<Store>; runs?: number };

const { signal } = new AbortController();
const version = { id: 'test-v1', dimension: 2, metric: 'cosine', digest: 'test' } as const;

/** A moment an hour of the same day; between two hours lies all that is in doubt. */
const hour = (at: number) => `2026-11-01T${String(at).padStart(2, '0')}:00:00.000Z`;
const hours = fc.integer({ min: 0, max: 9 }).map(hour);
const people = fc.constantFrom('ann', 'bob', '__proto__');
const messageIds = fc.constantFrom('m-1', 'm-2', 'constructor');

type Step<Row> = { put: Row[] } | { forget: { user_id: string; forgotten_at: string } };

/** Rows and forgettings in any order; a forgetting more than once. */
function stepsOf<Row>(row: fc.Arbitrary<Row>): fc.Arbitrary<Step<Row>[]> {
  const forget = fc.record({ forget: fc.record({ user_id: people, forgotten_at: hours }) });
  const put = fc.record({ put: fc.array(row, { minLength: 1, maxLength: 6 }) });
  return fc.array(fc.oneof({ weight: 3, arbitrary: put }, { weight: 1, arbitrary: forget }), {
    minLength: 2,
    maxLength: 14,
  });
}

/** Since when each person is forgotten, once all is done. */
function sinceOf(steps: readonly Step<unknown>[]): Map<string, string> {
  const since = new Map<string, string>();
  for (const step of steps) {
    if (!('forget' in step)) continue;
    const { user_id, forgotten_at } = step.forget;
    if (forgotten_at > (since.get(user_id) ?? '')) since.set(user_id, forgotten_at);
  }
  return since;
}

const rowsOf = <Row>(steps: readonly Step<Row>[]) => steps.flatMap((step) => ('put' in step ? step.put : []));

/** Does the steps to a store, a tenant each run, and gives what its dump has got by them. */
async function run<Row>(
  steps: readonly Step<Row>[],
  tenant_id: string,
  { put, forget }: { put(rows: Row[]): Promise<unknown>; forget(people: Forgotten[]): Promise<void> },
): Promise<void> {
  for (const step of steps) {
    if ('put' in step) await put(step.put);
    else await forget([{ tenant_id, ...step.forget }]);
  }
}

const forgottenLine = (key: string, at: string) => `${composite('forgotten', key)} ${at}`;

export function forgettingGraph({ name, open, runs = 60 }: Subject<Graph>): void {
  const edge = fc
    .record({
      kind: fc.constantFrom('engaged', 'replied', 'answered', 'wrote'),
      user_id: people,
      day: fc.constantFrom('2026-11-01', '2026-11-02'),
      lived_at: hours,
      other_id: people,
      message_id: messageIds,
    })
    .map(({ kind, user_id, day, lived_at, other_id, message_id }) => {
      const bare = { user_id, day, lived_at, accepted_at: lived_at };
      if (kind === 'engaged') return { ...bare, kind, campaign_id: `c-${message_id}` };
      if (kind === 'replied') return { ...bare, kind, other_id };
      // An id is one message: nobody uses theirs again after they were forgotten.
      const own = `${user_id} ${message_id} ${lived_at}`;
      return kind === 'wrote' ? { ...bare, kind, message_id: own } : { ...bare, kind, message_id };
    })
    .map((one) => one as unknown as Edge);

  /** What is left, as the port tells of it: of every edge its latest, unless somebody was forgotten after it. */
  function model(tenant: string, edges: readonly Edge[], since: ReadonlyMap<string, string>): string[] {
    const latest = new Map<string, Edge>();
    for (const one of edges) {
      const key = composite(one.kind, one.user_id, one.kind === 'wrote' ? null : one.day, leadsTo(one));
      const before = latest.get(key);
      const day = before && before.day > one.day ? before.day : one.day;
      const lived_at = before && before.lived_at > one.lived_at ? before.lived_at : one.lived_at;
      latest.set(key, { ...one, day, lived_at });
    }
    const gone = (user: string, lived_at: string) => lived_at <= (since.get(user) ?? '');
    const messages = new Set<string>();
    for (const one of latest.values())
      if (one.kind === 'wrote' && gone(one.user_id, one.lived_at)) messages.add(one.message_id);
    const lines = [...latest.values()].flatMap((one) => {
      if (gone(one.user_id, one.lived_at)) return [];
      if (one.kind === 'replied' && gone(one.other_id, one.lived_at)) return [];
      if (one.kind === 'answered' && messages.has(one.message_id)) return [];
      return one.kind === 'wrote'
        ? [`${composite('wrote', tenant, one.message_id, one.user_id)} ${one.day}`]
        : [`${composite(one.kind, tenant, one.user_id, one.day, leadsTo(one))} 1`];
    });
    for (const [user, at] of since) lines.push(forgottenLine(forgottenKey(tenant, user), at));
    for (const id of messages) lines.push(forgottenLine(forgottenMessageKey(tenant, id), FOR_GOOD));
    return lines.sort();
  }

  describe(`forgetting in the graph: ${name}`, () => {
    test('edges and forgettings in any order leave the edges that outlive their people, those of others included', async () => {
      const graph = await open();
      const lines = newLines(() => graph.dump());
      // The messages that are answered are those that are written: by one person, at one time.
      const aimed = fc.tuple(edge, fc.nat(), hours).map(([one, who, at]) => {
        if (one.kind !== 'answered') return one;
        const author = ['ann', 'bob', '__proto__'][who % 3];
        return { ...one, message_id: `${author} ${one.message_id} ${at}` };
      });
      await fc.assert(
        fc.asyncProperty(stepsOf(aimed), async (steps) => {
          const tenant_id = newTenant();
          await run(steps, tenant_id, {
            put: (edges) =>
              graph.add(
                edges.map((one) => ({ ...one, tenant_id })),
                signal,
              ),
            forget: (some) => graph.forget(some, signal),
          });
          expect((await lines()).sort()).toEqual(model(tenant_id, rowsOf(steps), sinceOf(steps)));
        }),
        { numRuns: runs },
      );
    });

    test('an answer to a message of a forgotten person leaves, where both come in one batch', async () => {
      const graph = await open();
      const lines = newLines(() => graph.dump());
      const tenant_id = newTenant();
      const at = '2026-11-01T00:00:00.000Z';
      const common = { tenant_id, day: '2026-11-01', lived_at: at, accepted_at: at, message_id: 'm' };
      await graph.forget([{ tenant_id, user_id: 'ann', forgotten_at: at }], signal);
      const answered: Edge = { ...common, kind: 'answered', user_id: 'bob' };
      await graph.add([answered, { ...common, kind: 'wrote', user_id: 'ann' }], signal);
      const remembered = [
        forgottenLine(forgottenKey(tenant_id, 'ann'), at),
        forgottenLine(forgottenMessageKey(tenant_id, 'm'), FOR_GOOD),
      ];
      expect((await lines()).sort()).toEqual(remembered.sort());
    });

    test('a person is told their own edges, by kind and day, and no more than are asked for', async () => {
      const [graph, tenant_id] = [await open(), newTenant()];
      const about = { tenant_id, user_id: 'ann', lived_at: hour(1), accepted_at: hour(1) };
      const day = '2026-11-01';
      await graph.add(
        [
          { ...about, kind: 'wrote', day, message_id: 'm-1' },
          { ...about, kind: 'engaged', day: '2026-11-02', campaign_id: 'c' },
          { ...about, kind: 'engaged', day, campaign_id: 'c' },
          { ...about, kind: 'answered', day, message_id: 'm-9' },
          { ...about, kind: 'replied', day, other_id: 'bob' },
          { ...about, user_id: 'bob', kind: 'replied', day, other_id: 'ann' },
          { ...about, tenant_id: newTenant(), kind: 'engaged', day, campaign_id: 'not theirs' },
        ],
        signal,
      );
      const own = [
        { kind: 'answered', day, of: 'm-9' },
        { kind: 'engaged', day, of: 'c' },
        { kind: 'engaged', day: '2026-11-02', of: 'c' },
        { kind: 'replied', day, of: 'bob' },
        { kind: 'wrote', day, of: 'm-1' },
      ];
      const person = { tenant_id, user_id: 'ann' };
      const told = async (most: number) =>
        (await graph.edgesOf(person, most, signal)).map((one) => ({ ...one }));
      expect(await told(10)).toEqual(own);
      expect(await told(2)).toEqual(own.slice(0, 2));
      await expect(graph.edgesOf(person, 2, AbortSignal.abort())).rejects.toThrow('aborted');
    });

    test('of another tenant nobody is forgotten, whatever the ids', async () => {
      const [graph, one, other] = [await open(), newTenant(), newTenant()];
      const edges = (tenant_id: string) =>
        ODD_IDS.map((id) => {
          const day = '2026-11-01';
          return {
            kind: 'engaged',
            tenant_id,
            user_id: id,
            campaign_id: id,
            day,
            lived_at: hour(1),
            accepted_at: hour(1),
          } as const;
        });
      const lines = newLines(() => graph.dump());
      await graph.add([...edges(one), ...edges(other)], signal);
      await graph.forget(
        ODD_IDS.map((user_id) => ({ tenant_id: one, user_id, forgotten_at: hour(2) })),
        signal,
      );
      const left = (await lines()).filter((line) => line.startsWith('["engaged"'));
      expect(left.map((line) => JSON.parse(line.slice(0, line.indexOf(' ')))[1])).toEqual(
        ODD_IDS.map(() => other),
      );
    });

    test('an aborted call rejects, and forgets nobody', async () => {
      const [graph, tenant_id] = [await open(), newTenant()];
      const people = [{ tenant_id, user_id: 'u', forgotten_at: hour(1) }];
      const lines = newLines(() => graph.dump());
      await expect(graph.forget(people, AbortSignal.abort())).rejects.toThrow('aborted');
      expect(await lines()).toEqual([]);
    });
  });
}

export function forgettingVectors({ name, open, runs = 40 }: Subject<Vectors>): void {
  /** An id is one message: so it has its own time, month and place. */
  const row = fc
    .record({ user_id: people, at: fc.integer({ min: 0, max: 9 }), month: fc.constantFrom('09', '11') })
    .map(({ user_id, at, month }) => ({
      user_id,
      message_id: `m ${month} ${at}`,
      occurred_at: `2026-${month}-01T10:00:00.000Z`,
      campaign_id: null,
      locale: null,
      lived_at: hour(at),
      accepted_at: hour(at),
      place: { topic: topics.events, partition: 0, offset: at },
      vector: Float32Array.of(1, 0),
    }));

  describe(`forgetting vectors: ${name}`, () => {
    test('messages and forgettings in any order leave the vectors of what outlives its people, of every version and month', async () => {
      const vectors = await open();
      const other = { ...version, id: 'test-v2' };
      const lines = newLines(() => vectors.dump());
      const near = { k: 100, about_campaigns: false, from: '0000', before: '9999' };
      await fc.assert(
        fc.asyncProperty(stepsOf(row), async (steps) => {
          const tenant_id = newTenant();
          await run(steps, tenant_id, {
            async put(rows) {
              const messages = rows.map((one): MessageVector => ({ ...one, tenant_id }));
              await vectors.putMessages(version, messages, signal);
              await vectors.putMessages(other, messages, signal);
            },
            forget: (some) => vectors.forget(some, signal),
          });
          const since = sinceOf(steps);
          const live = rowsOf(steps).filter(({ user_id, lived_at }) => lived_at > (since.get(user_id) ?? ''));
          const ids = [...new Set(live.map((one) => composite(one.user_id, one.message_id)))].sort();
          const hits = await vectors.nearestMessages(
            { tenant_id, version, vectors: [Float32Array.of(1, 0)], ...near },
            signal,
          );
          expect(hits[0]?.map((one) => composite(one.user_id, one.message_id)).sort()).toEqual(ids);
          const dumped = await lines();
          expect(dumped.filter((line) => line.startsWith('["message"'))).toHaveLength(2 * ids.length);
          expect(dumped.filter((line) => line.startsWith('["forgotten"')).sort()).toEqual(
            [...since].map(([user, at]) => forgottenLine(forgottenKey(tenant_id, user), at)).sort(),
          );
        }),
        { numRuns: runs },
      );
    });

    test('a person is told which of their messages have a vector, by version, and no more than are asked for', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const message = (message_id: string, user_id = 'ann', month = '11'): MessageVector => ({
        tenant_id,
        user_id,
        message_id,
        occurred_at: `2026-${month}-01T10:00:00.000Z`,
        campaign_id: message_id === 'm-1' ? 'c' : null,
        locale: null,
        lived_at: hour(1),
        accepted_at: hour(1),
        place: { topic: topics.events, partition: 0, offset: 0 },
        vector: Float32Array.of(1, 0),
      });
      const rows = [message('m-2', 'ann', '09'), message('m-1'), message('m-1', 'bob')];
      await vectors.putMessages({ ...version, id: 'test-v2' }, rows.slice(0, 1), signal);
      await vectors.putMessages(version, rows, signal);
      const [early, late] = ['2026-09-01T10:00:00.000Z', '2026-11-01T10:00:00.000Z'];
      const own = [
        { version: 'test-v1', message_id: 'm-1', occurred_at: late, campaign_id: 'c' },
        { version: 'test-v1', message_id: 'm-2', occurred_at: early, campaign_id: null },
        { version: 'test-v2', message_id: 'm-2', occurred_at: early, campaign_id: null },
      ];
      const person = { tenant_id, user_id: 'ann' };
      expect((await vectors.messagesOf(person, 10, signal)).map((one) => ({ ...one }))).toEqual(own);
      expect(await vectors.messagesOf({ tenant_id, user_id: 'cleo' }, 10, signal)).toEqual([]);
      expect(await vectors.messagesOf(person, 1, signal)).toHaveLength(1);
      await expect(vectors.messagesOf(person, 1, AbortSignal.abort())).rejects.toThrow('aborted');
    });

    test('an aborted call rejects, and forgets nobody', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const people = [{ tenant_id, user_id: 'u', forgotten_at: hour(1) }];
      const lines = newLines(() => vectors.dump());
      await expect(vectors.forget(people, AbortSignal.abort())).rejects.toThrow('aborted');
      expect(await lines()).toEqual([]);
    });
  });
}

export function forgettingCounters({
  name,
  open,
  runs = 80,
}: Subject<{ counters: Counters; profiles: Profiles }>): void {
  /** An id is one event: so it has its own kind and times. Half of them occurred when they were accepted, others hours before. */
  const row = fc
    .record({
      user_id: people,
      accepted: fc.integer({ min: 0, max: 9 }),
      late: fc.integer({ min: 0, max: 3 }),
      type: fc.constantFrom('message', 'click', 'dismissal', 'impression'),
      campaign_id: fc.constantFrom('c-1', 'c-2'),
    })
    .map(({ user_id, accepted, late, type, campaign_id }) => {
      const event = {
        message_id: `${type} ${campaign_id} ${accepted} ${late}`,
        type,
        user_id,
        campaign_id,
        occurred_at: hour(Math.max(0, accepted - late)),
        locale: null,
      } as unknown as Event;
      return { accepted_at: hour(accepted), event };
    });
  type Row = { accepted_at: string; event: Event };

  const counted = (tenant_id: string, { accepted_at, event }: Row): Counted => ({
    envelope: { v: ENVELOPE_VERSION, tenant_id, accepted_at, event },
    imported: false,
  });

  describe(`forgetting in counters: ${name}`, () => {
    test('events and forgettings in any order leave the profiles and identities that one pass of what lives would', async () => {
      const [{ counters, profiles }, oracle] = [await open(), await open()];
      const lines = newLines(() => profiles.dump());
      const remembered = newLines(() => counters.dump());
      await fc.assert(
        fc.asyncProperty(stepsOf(row), async (steps) => {
          const [tenant_id, since] = [newTenant(), sinceOf(steps)];
          await run<Row>(steps, tenant_id, {
            put: (rows) =>
              counters.apply(
                rows.map((one) => counted(tenant_id, one)),
                signal,
              ),
            forget: (some) => counters.forget(some, signal),
          });
          const live = rowsOf(steps).filter(({ accepted_at, event: { user_id, occurred_at } }) => {
            const gone = since.get(user_id) ?? '';
            return accepted_at > gone && occurred_at > gone;
          });
          const clean = newLines(() => oracle.profiles.dump());
          await clean();
          if (live.length > 0)
            await oracle.counters.apply(
              live.map((one) => counted(tenant_id, one)),
              signal,
            );
          expect(await lines()).toEqual(await clean());

          const kept = rowsOf(steps).filter(
            ({ accepted_at, event }) => accepted_at > (since.get(event.user_id) ?? ''),
          );
          const identities = new Set(kept.map(({ event }) => composite(event.user_id, event.message_id)));
          const dumped = await remembered();
          expect(dumped.filter((line) => line.startsWith('["identity"'))).toHaveLength(identities.size);
          expect(dumped.filter((line) => line.startsWith('["forgotten"')).sort()).toEqual(
            [...since].map(([user, at]) => forgottenLine(forgottenKey(tenant_id, user), at)).sort(),
          );
        }),
        { numRuns: runs },
      );
    });

    test('who was forgotten is welcome: their new events count, even under an id that they used before', async () => {
      const [{ counters, profiles }, tenant_id] = [await open(), newTenant()];
      const click = (at: number) => {
        const event = {
          message_id: 'm',
          type: 'click',
          user_id: 'u',
          campaign_id: 'c',
          occurred_at: hour(at),
          locale: null,
        };
        return counted(tenant_id, { accepted_at: hour(at), event: event as unknown as Event });
      };
      await counters.apply([click(1)], signal);
      await counters.forget([{ tenant_id, user_id: 'u', forgotten_at: hour(2) }], signal);
      expect((await profiles.read(tenant_id, 'u', signal)).engagements).toEqual([]);
      const applied = await counters.apply([click(1), click(2), click(3), click(3)], signal);
      expect(applied).toEqual({ counted: 1, repeated: 1, conflicting: 0 });
      const { engagements, engaged } = await profiles.read(tenant_id, 'u', signal);
      expect(engagements.map(({ occurred_at }) => occurred_at)).toEqual([hour(3)]);
      expect([...engaged]).toEqual([['c', hour(3)]]);
      // What they did before stays in counts, which have nobody's name.
      const daily = await counters.daily(tenant_id, '2026-11-01', '2026-11-01', signal);
      expect(daily.map(({ count }) => count)).toEqual([2]);
    });

    test('what an app dated ahead, and was accepted before its person was forgotten, goes as well', async () => {
      const [{ counters, profiles }, tenant_id] = [await open(), newTenant()];
      const dated = (message_id: string, accepted_at: string, occurred_at: string) => {
        const event = {
          message_id,
          type: 'click',
          user_id: 'u',
          campaign_id: 'c',
          occurred_at,
          locale: null,
        };
        return counted(tenant_id, { accepted_at, event: event as unknown as Event });
      };
      const [before, at, after, ahead] = ['00', '01', '02', '04'].map((m) => `2026-11-01T10:${m}:00.000Z`);
      await counters.apply(
        [dated('ahead', before as string, ahead as string), dated('new', after as string, after as string)],
        signal,
      );
      await counters.forget([{ tenant_id, user_id: 'u', forgotten_at: at as string }], signal);
      const { engagements, engaged } = await profiles.read(tenant_id, 'u', signal);
      expect(engagements.map(({ message_id }) => message_id)).toEqual(['new']);
      expect([...engaged]).toEqual([['c', after]]);
    });

    test('what they were shown goes as well, but for what they were shown afterwards', async () => {
      const [{ counters, profiles }, tenant_id] = [await open(), newTenant()];
      const shown = (at: number) => {
        const event = {
          message_id: `shown-${at}`,
          type: 'impression',
          user_id: 'u',
          campaign_id: 'c',
          occurred_at: hour(at),
          locale: null,
        };
        return counted(tenant_id, { accepted_at: hour(at), event: event as unknown as Event });
      };
      const left = async () =>
        (await profiles.impressions(tenant_id, 'u', signal)).map(({ message_id }) => message_id);
      await counters.apply([shown(1), shown(3)], signal);
      await counters.forget([{ tenant_id, user_id: 'u', forgotten_at: hour(2) }], signal);
      expect(await left()).toEqual(['shown-3']);
      await counters.forget([{ tenant_id, user_id: 'u', forgotten_at: hour(4) }], signal);
      await counters.apply([shown(1), shown(3)], signal);
      expect(await left()).toEqual([]);
      expect(await newLines(() => profiles.dump())()).toEqual([]);
    });

    test('an aborted call rejects, and forgets nobody', async () => {
      const [{ counters }, tenant_id] = [await open(), newTenant()];
      const people = [{ tenant_id, user_id: 'u', forgotten_at: hour(1) }];
      const lines = newLines(() => counters.dump());
      await expect(counters.forget(people, AbortSignal.abort())).rejects.toThrow('aborted');
      expect(await lines()).toEqual([]);
    });
  });
}
