import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Campaign } from '#contract/campaign.ts';
import { parse } from '#contract/parse.ts';
import { itemsOf } from '../../../origin/items-of.ts';
import type { Candidates } from '../../../origin/pipeline/stages.ts';
import { nowhere, type Placement } from '../../../origin/placements.ts';
import { bestFirst } from '../../../origin/rank/best-first.ts';
import { byWeights } from '../../../origin/rank/ranking.ts';

const SOURCES = ['one', 'other', 'third'];

/** Candidates from rows: of each campaign what the sources say. */
function candidatesOf(
  rows: readonly (readonly number[])[],
  more: readonly Partial<Campaign>[] = [],
): Candidates {
  return {
    campaigns: rows.map((_, i) => {
      const campaign_id = `c-${rows.length - i}`;
      return parse(Campaign, { campaign_id, title: campaign_id, text: campaign_id, ...more[i] });
    }),
    features: new Map(SOURCES.map((source, j) => [source, Float64Array.from(rows, (row) => row[j] ?? 0)])),
  };
}
const rankingBy = (weights: Placement['weights'], rules: Partial<Placement> = {}) =>
  byWeights({ ...nowhere('p'), weights, ...rules });

const row = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 9, noNaN: true })), {
  minLength: SOURCES.length,
  maxLength: SOURCES.length,
});

test('a score is the sum of what the sources say by their weights, and the best comes first, ties by id', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), row, (rows, [one = 0, other = 0]) => {
      const candidates = candidatesOf(rows);
      const ranked = bestFirst(candidates, rankingBy({ one, other: -other, third: 1 }));
      expect(ranked).toHaveLength(rows.length);
      for (const [i, { campaign_id, score, at }] of ranked.entries()) {
        const [said = 0, , third = 0] = rows[at] as number[];
        expect(campaign_id).toBe(candidates.campaigns[at]?.campaign_id);
        expect(score).toBe(one * said + third);
        const before = ranked[i - 1];
        if (!before) continue;
        expect(before.score > score || (before.score === score && before.campaign_id < campaign_id)).toBe(
          true,
        );
      }
    }),
  );
});

test('reasons are the shares of what raised a campaign, the greatest first', () => {
  const candidates = candidatesOf([[1, 2, 0]]);
  const ranking = rankingBy({ one: 2, other: 3, third: 5 });
  expect(itemsOf(bestFirst(candidates, ranking), candidates, ranking)).toEqual([
    {
      ...{ campaign_id: 'c-1', rank: 1, score: 8 },
      reasons: [
        { source: 'other', weight: 0.75 },
        { source: 'one', weight: 0.25 },
      ],
    },
  ]);
});

test('the boosts of a campaign and of its tags multiply its score and leave its reasons', () => {
  const candidates = candidatesOf(
    [
      [1, 0, 0],
      [3, 0, 0],
      [9, 0, 0],
    ],
    [{ boost: 2, tags: ['new'] }, {}, { boost: 0 }],
  );
  const ranking = rankingBy({ one: 1 }, { boosts: [{ tag: 'new', factor: 2 }] });
  const items = itemsOf(bestFirst(candidates, ranking), candidates, ranking);
  expect(items.map(({ score, reasons }) => [score, reasons])).toEqual([
    [4, [{ source: 'one', weight: 1 }]],
    [3, [{ source: 'one', weight: 1 }]],
    [0, []],
  ]);
});
