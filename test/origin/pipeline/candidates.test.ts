import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Campaign } from '#contract/campaign.ts';
import { parse } from '#contract/parse.ts';
import { candidatesOf } from '../../../origin/pipeline/candidates.ts';
import type { Query } from '../../../origin/pipeline/stages.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const catalogue = new Map(
  IDS.map((campaign_id) => [
    campaign_id,
    parse(Campaign, { campaign_id, title: campaign_id, text: campaign_id }),
  ]),
);
const query = { catalogue } as unknown as Query;
const raised = (name: string, found: Record<string, number>) => ({
  name,
  found: new Map(Object.entries(found)),
});

/** What the sources say of each campaign, by its id. */
function told(found: Parameters<typeof candidatesOf>[0], shown = (_: Campaign) => true) {
  const { campaigns, features } = candidatesOf(found, query, [shown]);
  return Object.fromEntries(
    campaigns.map(({ campaign_id }, i) => [
      campaign_id,
      Object.fromEntries([...features].map(([source, column]) => [source, column[i]])),
    ]),
  );
}

test('what any source found is a candidate, once; and what one says nothing of has nothing of it', () => {
  const all = told([raised('one', { a: 1, b: 3 }), raised('other', { b: 2, c: 4 })]);
  expect(Object.keys(all)).toEqual(['a', 'b', 'c']);
  expect(all['a']?.['other']).toBe(0);
  expect(all['c']?.['one']).toBe(0);
  expect((all['b']?.['one'] as number) / (all['a']?.['one'] as number)).toBeCloseTo(3);
});

test('what is not in the catalogue, or may not be shown, is no candidate and changes no unit', () => {
  const sources = [raised('one', { a: 1, b: 3 }), raised('other', { b: 2, c: 4 })];
  const more = [raised('one', { gone: 9, a: 1, b: 3, e: 7 }), raised('other', { b: 2, c: 4, gone: 1 })];
  expect(told(more, ({ campaign_id }) => campaign_id !== 'e')).toEqual(told(sources));
});

test('a source that says the same of all that it found gives each one unit', () => {
  const all = told([raised('same', { a: 5, b: 5 }), raised('nothing', { a: 0, b: 0 })]);
  expect(all).toEqual({ a: { same: 1, nothing: 1 }, b: { same: 1, nothing: 1 } });
});

test('a source that says nothing of any candidate has no column', () => {
  const { features } = candidatesOf([raised('one', { a: 1 }), raised('none', { gone: 1 })], query, []);
  expect([...features.keys()]).toEqual(['one']);
});

const strengths = fc.dictionary(
  fc.constantFrom(...IDS, 'gone'),
  fc.oneof(fc.constant(0), fc.constant(2), fc.double({ min: -1, max: 10, noNaN: true })),
);

test('a unit is how much what a source says differs from candidate to candidate', () => {
  fc.assert(
    fc.property(strengths, strengths, (one, other) => {
      const { campaigns, features } = candidatesOf([raised('one', one), raised('other', other)], query, []);
      const column = features.get('one');
      if (!column) return;
      const said = campaigns.map(({ campaign_id }) => Math.max(0, one[campaign_id] ?? 0));
      const mean = said.reduce((sum, x) => sum + x, 0) / said.length;
      const deviation = Math.sqrt(said.reduce((sum, x) => sum + (x - mean) ** 2, 0) / said.length);
      // Where the deviation is next to nothing, two ways of computing it differ.
      if (deviation < 1e-3 * mean || deviation < 1e-3) return;
      said.forEach((x, i) => {
        expect(column[i]).toBeCloseTo(x / deviation, 6);
      });
    }),
  );
});
