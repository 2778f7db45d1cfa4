import fc from 'fast-check';
import * as v from 'valibot';
import { Campaign } from '#contract/campaign.ts';
import { Event } from '#contract/event.ts';

/** Ids that are allowed, and that careless code trips over. */
export const ODD_IDS = [
  '__proto__',
  'constructor',
  'toString',
  '|trey|',
  'a,b',
  '"quoted"',
  "o'neill",
  'back\\slash',
  '\\"',
  '["a","b"]',
  '","',
  '!',
  'null',
  '...',
  '*',
] as const;

const letters = [...'!"$&\'()*+,-.0123456789:;<=>@ABCXYZ[\\]^_`abcxyz{|}~'];

/** Any id, odd ones often. */
export const idArb: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ODD_IDS),
  fc
    .string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 128 })
    .filter((id) => id !== '.' && id !== '..'),
);

const campaignIdArb = idArb.filter((id) => id !== 'popular');

/** Moments in UTC, as the contract writes them. */
export function instantArb(
  from = '2004-01-01T00:00:00.000Z',
  to = '2036-01-01T00:00:00.000Z',
): fc.Arbitrary<string> {
  return fc
    .integer({ min: Date.parse(from), max: Date.parse(to) - 1 })
    .map((ms) => new Date(ms).toISOString());
}

/** Texts of every script, with what JSON, SQL and UTF-8 find hard. */
export const textArb: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
  fc.constantFrom(' ', '\u0000', '\u2028', "'; DROP TABLE campaigns; --", '👩🏽‍🚀', 'm\u0301'),
);

export const localeArb = fc.constantFrom('en', 'pt-BR', 'zh-Hant-TW', 'de');
const tagArb = fc.constantFrom('news', 'a|b', '"', 'größe', '👩🏽‍🚀');

export type EventPools = {
  user_id?: fc.Arbitrary<string>;
  message_id?: fc.Arbitrary<string>;
  campaign_id?: fc.Arbitrary<string>;
  occurred_at?: fc.Arbitrary<string>;
};

/** Events as the contract knows them (missing fields null); narrow pools make them meet each other. */
export function eventArbOf({
  user_id = idArb,
  message_id = idArb,
  campaign_id = campaignIdArb,
  occurred_at = instantArb(),
}: EventPools): fc.Arbitrary<Event> {
  const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
  const common = { user_id, message_id, occurred_at, locale: maybe(localeArb) };
  const interaction = {
    ...common,
    campaign_id,
    recommendation_id: maybe(idArb),
    placement: maybe(fc.constantFrom('discover', 'continue')),
    position: maybe(fc.integer({ min: 1, max: 1000 })),
  };
  return fc
    .oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          ...common,
          type: fc.constant('message'),
          text: textArb,
          campaign_id: maybe(campaign_id),
          reply_to: maybe(message_id),
          reply_to_user_id: maybe(user_id),
          channel: maybe(textArb),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ ...interaction, type: fc.constantFrom('impression', 'click', 'dismissal') }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          ...interaction,
          type: fc.constant('conversion'),
          value: maybe(fc.double({ min: 0, max: 1e6, noNaN: true })),
        }),
      },
    )
    .map((event) => v.parse(Event, event));
}

/** Any event. */
export const eventArb: fc.Arbitrary<Event> = eventArbOf({});

/** Campaigns as the contract knows them. */
export function campaignArbOf({
  campaign_id = campaignIdArb,
}: Pick<EventPools, 'campaign_id'>): fc.Arbitrary<Campaign> {
  const window = fc.option(fc.uniqueArray(instantArb(), { minLength: 2, maxLength: 2 }), { nil: null });
  return fc
    .record({
      campaign_id,
      title: textArb,
      text: textArb,
      tags: fc.uniqueArray(tagArb),
      locales: fc.uniqueArray(localeArb),
      status: fc.constantFrom('active', 'paused', 'ended'),
      window: window.map((moments) => moments?.sort() ?? [null, null]),
      boost: fc.double({ min: 0, max: 100, noNaN: true }),
      attributes: fc.dictionary(idArb, fc.oneof(textArb, fc.integer(), fc.boolean()), { maxKeys: 4 }),
    })
    .map(({ window: [starts_at, ends_at], ...campaign }) =>
      v.parse(Campaign, { ...campaign, starts_at, ends_at }),
    );
}

/** Any campaign. */
export const campaignArb: fc.Arbitrary<Campaign> = campaignArbOf({});

/**
 * A log as a consumer may meet it: its items in their order, cut into batches, with earlier stretches handed
 * over again. Every item comes, and none before those that stand before it have.
 */
export function redeliveries<T>(items: readonly T[]): fc.Arbitrary<T[][]> {
  const size = items.length;
  return fc
    .array(fc.record({ back: fc.nat({ max: 5 }), take: fc.integer({ min: 1, max: 8 }) }), { maxLength: 12 })
    .map((steps) => {
      const batches: T[][] = [];
      let reached = 0;
      for (const { back, take } of steps) {
        const from = Math.max(0, reached - back);
        batches.push(items.slice(from, from + take));
        reached = Math.max(reached, Math.min(size, from + take));
      }
      return [...batches, items.slice(reached)];
    });
}

/** The same items in any order, some of them more than once, cut into batches. */
export function shuffles<T>(items: readonly T[]): fc.Arbitrary<T[][]> {
  return fc
    .tuple(
      fc.shuffledSubarray([...items], { minLength: items.length }),
      fc.subarray([...items]),
      fc.integer({ min: 1, max: items.length + 1 }),
    )
    .map(([all, again, size]) => {
      const line = [...all, ...again];
      return Array.from({ length: Math.ceil(line.length / size) }, (_, i) =>
        line.slice(i * size, (i + 1) * size),
      );
    });
}

/** Several lists as one, each in its own order. */
export function interleavings<T>(lists: readonly (readonly T[])[]): fc.Arbitrary<T[]> {
  const turns = lists.flatMap((list, which) => list.map(() => which));
  return fc.shuffledSubarray(turns, { minLength: turns.length }).map((order) => {
    const rest = lists.map((list) => list[Symbol.iterator]());
    return order.map((which) => rest[which]?.next().value as T);
  });
}
