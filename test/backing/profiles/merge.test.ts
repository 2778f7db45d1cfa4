import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Addition, emptyProfile, merge } from '#backing/profiles/merge.ts';
import { ENGAGEMENTS_KEPT, MESSAGES_KEPT, type Profile } from '#backing/profiles/port.ts';
import { interleavings, shuffles } from '../../support/arbitraries.ts';

/** What an id stands for: always the same, as the first with an identity is what counts. Moments meet often. */
function addition(id: number): Addition {
  const message_id = id % 7 === 0 ? `__proto__${id}` : `m-${id}`;
  const occurred_at = new Date(Date.UTC(2026, 10, 1) + ((id * 7919) % 97) * 60_000).toISOString();
  const about = { message_id, occurred_at, campaign_id: id % 5 === 0 ? '__proto__' : `c-${id % 11}` };
  if (id % 3 === 0) return { messages: [], engagements: [], dismissals: [{ ...about, type: 'dismissal' }] };
  const engagements = [{ ...about, type: 'message' as const }];
  return { messages: [{ message_id, occurred_at }], engagements, dismissals: [] };
}

function together(ids: readonly number[]): Addition {
  const additions = ids.map(addition);
  return {
    messages: additions.flatMap(({ messages }) => messages),
    engagements: additions.flatMap(({ engagements }) => engagements),
    dismissals: additions.flatMap(({ dismissals }) => dismissals),
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
