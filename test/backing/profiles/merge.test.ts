import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Addition, emptyProfile, merge, mergeImpressions } from '#backing/profiles/merge.ts';
import {
  ENGAGEMENTS_KEPT,
  IMPRESSIONS_KEPT,
  IMPRESSIONS_MS,
  MESSAGES_KEPT,
  type Profile,
} from '#backing/profiles/port.ts';
import { interleavings, shuffles } from '../../support/arbitraries.ts';

const nothing: Addition = { messages: [], engagements: [], dismissals: [], impressions: [] };

/** What an id stands for: always the same, as the first with an identity is what counts. Moments meet often. */
function addition(id: number): Addition {
  const message_id = id % 7 === 0 ? `__proto__${id}` : `m-${id}`;
  const occurred_at = new Date(Date.UTC(2026, 10, 1) + ((id * 7919) % 97) * 60_000).toISOString();
  const about = { message_id, occurred_at, campaign_id: id % 5 === 0 ? '__proto__' : `c-${id % 11}` };
  if (id % 3 === 0) return { ...nothing, dismissals: [{ ...about, type: 'dismissal' }] };
  const engagements = [{ ...about, type: 'message' as const }];
  return { ...nothing, messages: [{ message_id, occurred_at }], engagements };
}

function together(ids: readonly number[]): Addition {
  const additions = ids.map(addition);
  return {
    messages: additions.flatMap(({ messages }) => messages),
    engagements: additions.flatMap(({ engagements }) => engagements),
    dismissals: additions.flatMap(({ dismissals }) => dismissals),
    impressions: [],
  };
}

const plain = ({ engaged, dismissed, ...lists }: Profile) => ({
  ...lists,
  engaged: [...engaged].sort(),
  dismissed: [...dismissed].sort(),
});

const idsArb = fc.uniqueArray(fc.nat({ max: 999 }), { minLength: 1, maxLength: 600, size: 'max' });

describe('merging a profile', () => {
  test('is the same in any order, under any grouping and repetition', () => {
    const cases = idsArb.chain((ids) =>
      fc.record({
        ids: fc.constant(ids),
        batches: fc.tuple(shuffles(ids), shuffles(ids)).chain(interleavings),
      }),
    );
    fc.assert(
      fc.property(cases, ({ ids, batches }) => {
        const whole = merge(emptyProfile, together(ids));
        const parts = batches.reduce((profile, batch) => merge(profile, together(batch)), emptyProfile);
        expect(plain(parts)).toEqual(plain(whole));
      }),
    );
  });

  test('keeps the newest of a union: 64 messages and 256 engagements, newest first', () => {
    const ids = Array.from({ length: 900 }, (_, id) => id);
    const { messages, engagements } = merge(emptyProfile, together(ids));
    const newest = (most: number, list: readonly { message_id: string; occurred_at: string }[]) =>
      list
        .map(({ message_id, occurred_at }) => `${occurred_at} ${message_id}`)
        .sort()
        .reverse()
        .slice(0, most);
    expect(newest(MESSAGES_KEPT, messages)).toEqual(newest(MESSAGES_KEPT, together(ids).messages));
    expect(messages.map(({ message_id, occurred_at }) => `${occurred_at} ${message_id}`)).toEqual(
      newest(MESSAGES_KEPT, messages),
    );
    expect(newest(ENGAGEMENTS_KEPT, engagements)).toEqual(
      newest(ENGAGEMENTS_KEPT, together(ids).engagements),
    );
  });

  test('leaves the profile it is given as it was', () => {
    const before = merge(emptyProfile, together([1, 2, 3]));
    const copy = structuredClone(before);
    merge(before, together([4, 5, 6]));
    expect(before).toEqual(copy);
    expect(emptyProfile.engaged.size).toBe(0);
  });
});

const DAY_MS = 24 * 3600_000;

/** An impression by its number: of few campaigns, most of them of one; moments meet, and lie up to 12 days apart. */
const shown = (id: number) => ({
  message_id: `m-${id}`,
  occurred_at: new Date(Date.UTC(2026, 10, 1) + ((id * 7919) % 1153) * 15 * 60_000).toISOString(),
  campaign_id: id % 3 === 0 ? '__proto__' : `c-${id % 61}`,
});

describe('merging impressions', () => {
  const idsArb = fc.uniqueArray(fc.nat({ max: 2999 }), { minLength: 1, maxLength: 1500, size: 'max' });

  test('is the same in any order, under any grouping and repetition', () => {
    const cases = idsArb.chain((ids) =>
      fc.record({
        ids: fc.constant(ids),
        batches: fc.tuple(shuffles(ids), shuffles(ids)).chain(interleavings),
      }),
    );
    const merged = (batches: readonly (readonly number[])[]) =>
      batches.reduce<ReturnType<typeof shown>[]>((kept, ids) => mergeImpressions(kept, ids.map(shown)), []);
    fc.assert(
      fc.property(cases, ({ ids, batches }) => {
        expect(merged(batches)).toEqual(merged([ids]));
      }),
      { numRuns: 60 },
    );
  });

  test('keeps enough of each campaign to tell whether any cap is reached, and no more than its bounds', () => {
    fc.assert(
      fc.property(idsArb, fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 7), (ids, cap, days) => {
        const all = ids.map(shown);
        const kept = mergeImpressions([], all);
        expect(kept.length).toBeLessThanOrEqual(IMPRESSIONS_KEPT.of_all);
        const newest_ms = Date.parse(kept[0]?.occurred_at as string);
        expect(all.every(({ occurred_at }) => Date.parse(occurred_at) <= newest_ms)).toBe(true);
        const oldest_ms = Math.min(...kept.map(({ occurred_at }) => Date.parse(occurred_at)));
        expect(newest_ms - oldest_ms).toBeLessThanOrEqual(IMPRESSIONS_MS);
        if (kept.length === IMPRESSIONS_KEPT.of_all) return;
        const reached = (list: typeof all) => {
          const many = new Map<string, number>();
          for (const { campaign_id, occurred_at } of list) {
            if (Date.parse(occurred_at) <= newest_ms - days * DAY_MS) continue;
            many.set(campaign_id, (many.get(campaign_id) ?? 0) + 1);
          }
          return [...many].flatMap(([campaign_id, count]) => (count >= cap ? [campaign_id] : [])).sort();
        };
        expect(reached(kept)).toEqual(reached(all));
      }),
    );
  });
});
