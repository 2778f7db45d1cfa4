import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Counted, Counters, DailyCount } from '#backing/counters/port.ts';
import { ENGAGEMENTS_KEPT, MESSAGES_KEPT, type Profile, type Profiles } from '#backing/profiles/port.ts';
import { ENVELOPE_VERSION } from '#contract/envelope.ts';
import { type Event, isEngagement } from '#contract/event.ts';
import {
  eventArb,
  eventArbOf,
  instantArb,
  interleavings,
  ODD_IDS,
  redeliveries,
} from '../support/arbitraries.ts';
import { collect, newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type CountersSubject = {
  name: string;
  /** Empty counters and the profiles they keep, which share nothing with any others; closed when the test has finished. */
  open(): Promise<{ counters: Counters; profiles: Profiles }>;
};

const { signal } = new AbortController();
const MOMENT = '2026-11-01T10:00:00.000Z';

function counted(tenant_id: string, event: Event, imported = false): Counted {
  return { envelope: { v: ENVELOPE_VERSION, tenant_id, accepted_at: MOMENT, event }, imported };
}

type Fields = Partial<Pick<Event, 'message_id' | 'user_id' | 'occurred_at' | 'locale'>> & {
  campaign_id?: string;
};

function message(fields: Fields & { text?: string } = {}): Event {
  return {
    message_id: 'm',
    user_id: 'u',
    occurred_at: MOMENT,
    locale: null,
    text: 'hello',
    campaign_id: null,
    reply_to: null,
    reply_to_user_id: null,
    channel: null,
    ...fields,
    type: 'message',
  };
}

function interaction(type: 'impression' | 'click' | 'dismissal', fields: Fields = {}): Event {
  return {
    message_id: type,
    user_id: 'u',
    occurred_at: MOMENT,
    locale: null,
    campaign_id: 'c',
    recommendation_id: null,
    placement: null,
    position: null,
    ...fields,
    type,
  };
}

const later = (minutes: number) => new Date(Date.parse(MOMENT) + minutes * 60_000).toISOString();
const numbered = (at: number) => `m-${String(at).padStart(4, '0')}`;
const allDays = ['0000-01-01', '9999-12-31'] as const;
const plain = (profile: Profile) => ({
  ...profile,
  engaged: Object.fromEntries(profile.engaged),
  dismissed: Object.fromEntries(profile.dismissed),
});
const byKey = (a: DailyCount, b: DailyCount) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The first of each identity, as one pass sees them. */
function firsts(events: readonly Event[]): Event[] {
  const seen = new Map<string, Event>();
  for (const event of events) {
    const key = JSON.stringify([event.user_id, event.message_id]);
    if (!seen.has(key)) seen.set(key, event);
  }
  return [...seen.values()];
}

function expectedDaily(events: readonly Event[]): DailyCount[] {
  const counts = new Map<string, DailyCount>();
  for (const { campaign_id, occurred_at, type, locale } of events) {
    if (campaign_id === null) continue;
    const row = { campaign_id, day: occurred_at.slice(0, 10), type, locale };
    const key = JSON.stringify(row);
    counts.set(key, { ...row, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort(byKey);
}

function expectedProfile(events: readonly Event[]): Profile {
  const newestFirst = [...events].sort((a, b) => {
    const [x, y] = [a, b].map(({ occurred_at, message_id }) => `${occurred_at} ${message_id}`) as [
      string,
      string,
    ];
    return x < y ? 1 : -1;
  });
  const last = (list: readonly (Event & { campaign_id: string })[]) =>
    new Map(list.map(({ campaign_id, occurred_at }) => [campaign_id, occurred_at] as const).reverse());
  const engagements = newestFirst.filter(isEngagement);
  return {
    messages: newestFirst
      .filter(({ type }) => type === 'message')
      .map(({ message_id, occurred_at }) => ({ message_id, occurred_at }))
      .slice(0, MESSAGES_KEPT),
    engagements: engagements
      .map(({ message_id, occurred_at, campaign_id, type }) => ({
        message_id,
        occurred_at,
        campaign_id,
        type,
      }))
      .slice(0, ENGAGEMENTS_KEPT),
    engaged: last(engagements),
    dismissed: last(newestFirst.filter((event) => event.type === 'dismissal')),
  };
}

/** What all counters, and the profiles that they keep, hold to. */
export function countersContract({ name, open }: CountersSubject): void {
  describe(`the counters: ${name}`, () => {
    for (const store of ['counters', 'profiles'] as const) {
      describe(`of ${store}`, () =>
        dumpContract(async () => {
          const stores = await open();
          let run = 0;
          return {
            dump: () => stores[store].dump(),
            async write() {
              run++;
              const tenants = [newTenant(), newTenant()];
              const events = ODD_IDS.flatMap((id) => [
                message({ user_id: id, campaign_id: id, message_id: `${id}${run}` }),
                interaction('click', {
                  user_id: id,
                  campaign_id: id,
                  locale: 'en',
                  occurred_at: later(9_999 * run),
                }),
              ]);
              const batch = tenants.flatMap((tenant) => events.map((event) => counted(tenant, event, true)));
              await stores.counters.apply(batch, signal);
            },
          };
        }));
    }

    test('an event is counted once, in one batch or in several', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const click = counted(tenant, interaction('click'));
      expect(await counters.apply([click, click], signal)).toEqual({
        counted: 1,
        repeated: 1,
        conflicting: 0,
      });
      expect(await counters.apply([click], signal)).toEqual({ counted: 0, repeated: 1, conflicting: 0 });
      const [row, ...others] = await counters.daily(tenant, ...allDays, signal);
      expect(row).toEqual({ campaign_id: 'c', day: '2026-11-01', type: 'click', locale: null, count: 1 });
      expect(others).toEqual([]);
      expect((await profiles.read(tenant, 'u', signal)).engagements).toHaveLength(1);
    });

    test('the first content with an identity counts; another is told as a conflict and changes nothing', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const first = counted(tenant, message({ campaign_id: 'first' }));
      const twin = counted(tenant, message({ campaign_id: 'twin', occurred_at: later(1) }));
      expect(await counters.apply([first, twin], signal)).toEqual({
        counted: 1,
        repeated: 0,
        conflicting: 1,
      });
      expect(await counters.apply([twin, first], signal)).toEqual({
        counted: 0,
        repeated: 1,
        conflicting: 1,
      });
      const daily = await counters.daily(tenant, ...allDays, signal);
      expect(daily.map(({ campaign_id, count }) => [campaign_id, count])).toEqual([['first', 1]]);
      expect([...(await profiles.read(tenant, 'u', signal)).engaged.keys()]).toEqual(['first']);
    });

    test('any difference in content is a conflict', async () => {
      const [{ counters }, pairs] = [await open(), fc.tuple(eventArb, eventArb)];
      await fc.assert(
        fc.asyncProperty(pairs, async ([event, other]) => {
          const twin = { ...other, user_id: event.user_id, message_id: event.message_id };
          fc.pre(JSON.stringify(twin) !== JSON.stringify(event));
          const tenant = newTenant();
          const batch = [event, twin, event].map((one) => counted(tenant, one));
          expect(await counters.apply(batch, signal)).toEqual({ counted: 1, repeated: 1, conflicting: 1 });
        }),
      );
    });

    test('the same message id of another person, or of another tenant, is another event', async () => {
      const [{ counters, profiles }, one, other] = [await open(), newTenant(), newTenant()];
      const batch = [one, other].flatMap((tenant) =>
        ODD_IDS.flatMap((user_id) =>
          ODD_IDS.map((message_id) => counted(tenant, interaction('click', { user_id, message_id }))),
        ),
      );
      const { counted: all } = await counters.apply(batch, signal);
      expect(all).toBe(2 * ODD_IDS.length ** 2);
      for (const id of ODD_IDS) {
        expect((await profiles.read(one, id, signal)).engagements).toHaveLength(ODD_IDS.length);
      }
    });

    test('ids that are cut at another place are other ids', async () => {
      const [{ counters }, tenant] = [await open(), newTenant()];
      const ids = [
        ['a', 'b,c'],
        ['a,b', 'c'],
        ['a"', 'b'],
        ['a', '"b'],
        ['a","b', 'c'],
        ['a', 'b","c'],
      ] as const;
      const batch = ids.map(([user_id, message_id]) => counted(tenant, message({ user_id, message_id })));
      expect((await counters.apply(batch, signal)).counted).toBe(ids.length);
    });

    test('every kind of event that names a campaign is counted by day in UTC and by locale', async () => {
      const [{ counters }, tenant] = [await open(), newTenant()];
      const events = [
        message({ message_id: 'no-campaign' }),
        message({ message_id: 'm-1', campaign_id: 'c', locale: 'en' }),
        message({ message_id: 'm-2', campaign_id: 'c', locale: 'de' }),
        interaction('impression', { occurred_at: '2026-11-01T23:59:59.999Z' }),
        interaction('click', { occurred_at: '2026-11-02T00:00:00.000Z' }),
        interaction('dismissal'),
      ];
      await counters.apply(
        events.map((event) => counted(tenant, event)),
        signal,
      );
      expect((await counters.daily(tenant, ...allDays, signal)).sort(byKey)).toEqual(expectedDaily(events));
    });

    test('a range of days has both its ends, and nothing of other tenants', async () => {
      const [{ counters }, tenant] = [await open(), newTenant()];
      const days = ['2026-10-31', '2026-11-01', '2026-11-02', '2026-11-03'];
      const events = days.map((day) =>
        interaction('click', { message_id: day, occurred_at: `${day}T12:00:00.000Z` }),
      );
      for (const whose of [tenant, newTenant()]) {
        await counters.apply(
          events.map((event) => counted(whose, event)),
          signal,
        );
      }
      const daily = await counters.daily(tenant, '2026-11-01', '2026-11-02', signal);
      expect(daily.map(({ day, count }) => [day, count]).sort()).toEqual([
        ['2026-11-01', 1],
        ['2026-11-02', 1],
      ]);
    });

    test('the newest import is the newest that was imported, known before by live twins or not', async () => {
      const [{ counters }, tenant] = [await open(), newTenant()];
      const at = (minutes: number, imported: boolean) =>
        counted(tenant, message({ message_id: `${minutes}`, occurred_at: later(minutes) }), imported);
      const newest = () => counters.newestImported(tenant, signal);
      expect(await newest()).toBeNull();
      await counters.apply([at(9, false)], signal);
      expect(await newest()).toBeNull();
      await counters.apply([at(5, true), at(1, true)], signal);
      expect(await newest()).toBe(later(5));
      await counters.apply([at(2, true)], signal);
      expect(await newest()).toBe(later(5));
      await counters.apply([at(9, true)], signal);
      expect(await newest()).toBe(later(9));
      expect(await counters.newestImported(newTenant(), signal)).toBeNull();
    });

    test('a person who is not known has an empty profile', async () => {
      const { profiles } = await open();
      for (const id of ODD_IDS) {
        expect(plain(await profiles.read(newTenant(), id, signal))).toEqual(plain(expectedProfile([])));
      }
    });

    test('what was met within ten minutes is counted by itself, each event once', async () => {
      const [{ counters }, tenant] = [await open(), newTenant()];
      const at = (moment: string, id: string) =>
        counted(tenant, interaction('click', { message_id: id, occurred_at: moment }));
      const events = [
        at('2026-11-01T10:09:59.999Z', 'a'),
        at('2026-11-01T10:10:00.000Z', 'b'),
        at('2026-11-01T10:19:59.999Z', 'c'),
        at('2026-11-01T10:20:00.000Z', 'd'),
        counted(tenant, message({ message_id: 'e' })),
      ];
      await counters.apply(events, signal);
      await counters.apply(events.slice(1, 3), signal);
      const row = { campaign_id: 'c', type: 'click' };
      expect(await counters.tens(tenant, '2026-11-01T10:1', '2026-11-01T10:2', signal)).toEqual([
        { ...row, ten: '2026-11-01T10:1', count: 2 },
        { ...row, ten: '2026-11-01T10:2', count: 1 },
      ]);
      expect(await counters.tens(newTenant(), '0000', '9999', signal)).toEqual([]);
    });

    test('everybody of a tenant is read once, by user id, whatever their number', async () => {
      const [{ counters, profiles }, tenant, other] = [await open(), newTenant(), newTenant()];
      const users = Array.from({ length: 1203 }, (_, i) => `u-${i}`);
      const batch = [...users, ...ODD_IDS].map((user_id) => counted(tenant, message({ user_id })));
      await counters.apply([...batch, counted(other, message({ user_id: 'theirs' }))], signal);
      const read = await collect(profiles.all(tenant, signal));
      const expected = [...new Set([...users, ...ODD_IDS])];
      expect(read.map(({ user_id }) => user_id)).toEqual(expected.sort((a, b) => (a < b ? -1 : 1)));
      expect(plain(read[0]?.profile as Profile)).toEqual(plain(expectedProfile([message()])));
      await expect(collect(profiles.all(tenant, AbortSignal.abort()))).rejects.toThrow();
    });

    test('messages, clicks and conversions that name a campaign are engagements; the rest are not', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const events = [
        message({ message_id: 'bare' }),
        message({ message_id: 'about', campaign_id: 'said' }),
        interaction('click', { campaign_id: 'clicked' }),
        {
          ...interaction('click', { message_id: 'buy', campaign_id: 'bought' }),
          type: 'conversion',
          value: 1,
        } as Event,
        interaction('impression', { campaign_id: 'seen' }),
        interaction('dismissal', { campaign_id: 'unwanted' }),
      ];
      await counters.apply(
        events.map((event) => counted(tenant, event)),
        signal,
      );
      const profile = await profiles.read(tenant, 'u', signal);
      expect(profile.messages.map(({ message_id }) => message_id)).toEqual(['bare', 'about']);
      expect([...profile.engaged.keys()].sort()).toEqual(['bought', 'clicked', 'said']);
      expect([...profile.dismissed]).toEqual([['unwanted', MOMENT]]);
    });

    test('of many messages and engagements the newest are kept, of engaged campaigns all', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const events = Array.from({ length: 700 }, (_, at) =>
        message({
          message_id: numbered(at),
          campaign_id: `c-${at}`,
          // Many share a moment, so that ids decide.
          occurred_at: later(((at * 7919) % 700) >> 3),
        }),
      );
      for (let at = 0; at < events.length; at += 90) {
        await counters.apply(
          events.slice(at, at + 90).map((event) => counted(tenant, event)),
          signal,
        );
      }
      const profile = await profiles.read(tenant, 'u', signal);
      expect(profile).toEqual(expectedProfile(events));
      expect([profile.messages.length, profile.engagements.length, profile.engaged.size]).toEqual([
        64, 256, 700,
      ]);
    });

    test('what a person was shown is kept beside their profile, newest first, and of a campaign the newest', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const seen = (message_id: string, minutes: number, campaign_id = 'c') =>
        counted(tenant, interaction('impression', { message_id, occurred_at: later(minutes), campaign_id }));
      expect(await profiles.impressions(tenant, 'u', signal)).toEqual([]);
      await counters.apply([seen('late', 2), seen('other', 1, 'c-2')], signal);
      await counters.apply([seen('late', 2), seen('early', 0), seen('late', 9)], signal);
      const kept = async () =>
        (await profiles.impressions(tenant, 'u', signal)).map((one) => [one.message_id, one.campaign_id]);
      expect(await kept()).toEqual([
        ['late', 'c'],
        ['other', 'c-2'],
        ['early', 'c'],
      ]);
      expect(plain(await profiles.read(tenant, 'u', signal))).toEqual(plain(expectedProfile([])));
      expect(await profiles.impressions(newTenant(), 'u', signal)).toEqual([]);
      await counters.apply([counted(tenant, message({ campaign_id: 'said' }))], signal);
      expect(await kept()).toHaveLength(3);
      await counters.apply(
        Array.from({ length: 30 }, (_, at) => seen(numbered(at), 10 + at)),
        signal,
      );
      const newest = Array.from({ length: 20 }, (_, at) => [numbered(29 - at), 'c']);
      expect(await kept()).toEqual([...newest, ['other', 'c-2']]);
      await expect(profiles.impressions(tenant, 'u', AbortSignal.abort())).rejects.toThrow();
    });

    test('any slices, interleaved and repeated, leave what one pass leaves, and what the events say', async () => {
      const [stores, oracle] = [await open(), await open()];
      const dumps = (['counters', 'profiles'] as const).map((store) => ({
        lines: newLines(() => stores[store].dump()),
        expected: newLines(() => oracle[store].dump()),
      }));
      const users = ['__proto__', '|trey|', 'a,b'];
      /** Each person's events stand on one partition, in their order; some are imported. */
      const partitionOf = (user: string) =>
        fc.array(
          fc.record({
            event: eventArbOf({
              user_id: fc.constant(user),
              message_id: fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', '"', '\\', 'constructor', 'a,b'),
              campaign_id: fc.constantFrom('c', 'constructor', '["c"]'),
              occurred_at: instantArb('2026-11-01T00:00:00.000Z', '2026-11-04T00:00:00.000Z'),
            }),
            imported: fc.boolean(),
          }),
          { maxLength: 12 },
        );
      const logs = fc.tuple(...users.map(partitionOf)).chain((partitions) =>
        fc.record({
          partitions: fc.constant(partitions),
          batches: fc.tuple(...partitions.map((items) => redeliveries(items))).chain(interleavings),
        }),
      );
      await fc.assert(
        fc.asyncProperty(logs, async ({ partitions, batches }) => {
          const tenant = newTenant();
          const own = (items: (typeof partitions)[number]) =>
            items.map(({ event, imported }) => counted(tenant, event, imported));
          for (const batch of batches) await stores.counters.apply(own(batch), signal);
          await oracle.counters.apply(own(partitions.flat()), signal);

          const events = firsts(partitions.flat().map(({ event }) => event));
          const daily = await stores.counters.daily(tenant, ...allDays, signal);
          expect(daily.sort(byKey)).toEqual(expectedDaily(events));
          for (const user of users) {
            const theirs = events.filter(({ user_id }) => user_id === user);
            expect(await stores.profiles.read(tenant, user, signal)).toEqual(expectedProfile(theirs));
            const shown = theirs.filter(({ type }) => type === 'impression');
            expect((await stores.profiles.impressions(tenant, user, signal)).length).toBe(shown.length);
          }
          for (const { lines, expected } of dumps) expect(await lines()).toEqual(await expected());
        }),
      );
    });

    test('the same events applied twice at the same time are counted once', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const users = ['u-1', 'u-2', 'u-3', 'u-4'];
      const batch = users.flatMap((user_id) =>
        Array.from({ length: 25 }, (_, at) =>
          counted(
            tenant,
            interaction('click', { user_id, message_id: numbered(at), campaign_id: `c-${at % 5}` }),
          ),
        ),
      );
      const results = await Promise.all([
        counters.apply(batch, signal),
        counters.apply([...batch].reverse(), signal),
        counters.apply(batch.slice(30, 70), signal),
      ]);
      expect(results.reduce((sum, result) => sum + result.counted, 0)).toBe(100);
      const daily = await counters.daily(tenant, ...allDays, signal);
      expect(daily.map(({ count }) => count)).toEqual([20, 20, 20, 20, 20]);
      for (const user of users)
        expect((await profiles.read(tenant, user, signal)).engagements).toHaveLength(25);
    });

    test('two tenants with the same ids never see each other', async () => {
      const [{ counters, profiles }, one, other] = [await open(), newTenant(), newTenant()];
      await counters.apply(
        ODD_IDS.map((id) => counted(one, message({ user_id: id, message_id: id, campaign_id: id }), true)),
        signal,
      );
      expect(await counters.daily(other, ...allDays, signal)).toEqual([]);
      expect(await counters.newestImported(other, signal)).toBeNull();
      for (const id of ODD_IDS) {
        expect((await profiles.read(other, id, signal)).messages).toEqual([]);
        expect((await profiles.read(one, id, signal)).messages).toEqual([
          { message_id: id, occurred_at: MOMENT },
        ]);
        expect([...(await profiles.read(one, id, signal)).engaged]).toEqual([[id, MOMENT]]);
      }
    });

    test('old identities and ten minutes go, daily counts stay, and so do ten minutes of who has imported', async () => {
      const [{ counters }, tenant, history] = [await open(), newTenant(), newTenant()];
      const at = (month: string, of = tenant, imported = false) => {
        const one = counted(
          of,
          interaction('click', { message_id: month, occurred_at: `2026-${month}-15T10:00:00.000Z` }),
          imported,
        );
        one.envelope.accepted_at = `2026-${month}-15T10:00:00.000Z`;
        return one;
      };
      const [old, kept, past] = [at('03'), at('07'), at('03', history, true)];
      await counters.apply([old, kept, past], signal);
      const asked = { accepted_before_month: '2026-07', before_ten: '2026-07-15T10:0' };
      const removed = { identities: 2, tens: 1 };
      const before = await collect(counters.dump());
      expect(await counters.removeBefore({ ...asked, dry_run: true }, signal)).toEqual(removed);
      expect(await collect(counters.dump())).toEqual(before);
      await expect(
        counters.removeBefore({ ...asked, dry_run: false }, AbortSignal.abort()),
      ).rejects.toThrow();
      expect(await counters.removeBefore({ ...asked, dry_run: false }, signal)).toEqual(removed);
      const nothing = { identities: 0, tens: 0 };
      expect(await counters.removeBefore({ ...asked, dry_run: false }, signal)).toEqual(nothing);

      expect(await counters.daily(tenant, '2026-01-01', '2026-12-31', signal)).toHaveLength(2);
      const always = ['2026-01-01T00:0', '2026-12-31T23:5'] as const;
      expect((await counters.tens(tenant, ...always, signal)).map(({ ten }) => ten)).toEqual([
        '2026-07-15T10:0',
      ]);
      expect(await counters.tens(history, ...always, signal)).toHaveLength(1);
      const again = await counters.apply([kept], signal);
      expect(again).toEqual({ counted: 0, repeated: 1, conflicting: 0 });
      // What comes into a month whose identities were dropped is remembered again.
      const late = at('03');
      late.envelope.event = { ...late.envelope.event, message_id: 'late' };
      expect((await counters.apply([late, late], signal)).counted).toBe(1);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [{ counters, profiles }, tenant, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      const batch = [counted(tenant, message({ campaign_id: 'c' }), true)];
      await expect(counters.apply(batch, aborted)).rejects.toThrow();
      await expect(counters.daily(tenant, ...allDays, aborted)).rejects.toThrow();
      await expect(counters.newestImported(tenant, aborted)).rejects.toThrow();
      await expect(profiles.read(tenant, 'u', aborted)).rejects.toThrow();
      expect([...(await collect(counters.dump())), ...(await collect(profiles.dump()))]).toEqual([]);
    });

    test('a batch that fails is not written in part', async () => {
      const [{ counters, profiles }, tenant] = [await open(), newTenant()];
      const good = counted(tenant, message({ campaign_id: 'c' }), true);
      const broken = counted(tenant, message({ message_id: 'broken' }));
      broken.envelope.accepted_at = null as never;
      await expect(counters.apply([good, broken], signal)).rejects.toThrow();
      expect([...(await collect(counters.dump())), ...(await collect(profiles.dump()))]).toEqual([]);
      expect((await counters.apply([good], signal)).counted).toBe(1);
    });
  });
}
