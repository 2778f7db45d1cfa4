import { expect, test } from 'vitest';
import { rowsOf } from '../../../infra/local/quality/ablation-rows.ts';
import { fromClicks } from '../../../infra/local/quality/from-clicks.ts';
import { learntBefore } from '../../../infra/local/quality/learnt-before.ts';
import type { Past } from '../../../infra/local/quality/past-question.ts';
import { seededRandom } from '../../../infra/local/simulated/random.ts';
import { climbed, type Proposal } from '../../../origin/rank/choose-weights.ts';
import { learnt } from '../../../origin/rank/learnt.ts';

const SOURCES = ['knows', 'guesses', 'misleads'];
const WEIGHTS = { knows: 1, guesses: 0.5, misleads: 0.2 };
const minute = (i: number) => new Date(Date.UTC(2026, 10, 1, 0, i)).toISOString();

/** Questions a minute apart, whose truth is known half an hour later. One source knows some of the answers. */
function past(count: number, seed: number): Past[] {
  const random = seededRandom(seed);
  const candidates = Array.from({ length: 30 }, (_, i) => `c-${i}`);
  return Array.from({ length: count }, (_, q) => {
    const right = random.whole(0, 29);
    const noise = () => Float32Array.from(candidates, () => (random.chance(0.5) ? random.next() * 2 : 0));
    const knows = noise();
    if (random.chance(0.7)) knows[right] = 4;
    return {
      ...{ user_id: `u-${q}`, candidates, truth: new Set([`c-${right}`]), weights: WEIGHTS },
      ...{ features: { knows, guesses: noise(), misleads: noise() } },
      ...{ moment: minute(q), known_from: minute(q + 30) },
    };
  });
}

const scrambled = (asked: readonly Past[], source: string): Past[] =>
  asked.map((one, q) => {
    const random = seededRandom(1000 + q);
    const feature = Float32Array.from(one.candidates, () => random.next() * 9);
    return { ...one, features: { ...one.features, [source]: feature } };
  });
const ndcgOf = (asked: readonly Past[], what: string) =>
  rowsOf(asked).find((row) => row.what === what)?.ndcg ?? expect.fail(`There is a row "${what}"`);

test.each(SOURCES)(
  'the row without %s is the same whatever that source says, and that of it alone whatever others say',
  (source) => {
    const asked = past(60, 1);
    const other = SOURCES.find((one) => one !== source) as string;
    expect(ndcgOf(scrambled(asked, source), `without ${source}`)).toBe(ndcgOf(asked, `without ${source}`));
    expect(ndcgOf(scrambled(asked, other), `${source} alone`)).toBe(ndcgOf(asked, `${source} alone`));
    expect(ndcgOf(scrambled(asked, source), 'shipped weights')).not.toBe(ndcgOf(asked, 'shipped weights'));
    expect(ndcgOf(scrambled(asked, source), 'plain sum')).not.toBe(ndcgOf(asked, 'plain sum'));
  },
);

test('what only the source left out has found is no candidate, and wins nothing by its id', () => {
  const asked: Past = {
    ...{ user_id: 'u', candidates: ['a', 'b'], truth: new Set(['a']), weights: { one: 1, other: 1 } },
    features: { one: Float32Array.of(1, 0), other: Float32Array.of(0, 1) },
    ...{ moment: minute(0), known_from: null },
  };
  expect(ndcgOf([asked], 'without one')).toBe(0);
  expect(ndcgOf([asked], 'without other')).toBe(1);
});

test('a source that is worth much shows by its row and its interval', () => {
  const rows = rowsOf(past(300, 2));
  const [low, high] = rows.find(({ what }) => what === 'without knows')?.gain ?? expect.fail();
  expect(low).toBeLessThanOrEqual(high);
  expect(high).toBeLessThan(0);
  expect(rows.find(({ what }) => what === 'shipped weights')?.gain).toEqual([0, 0]);
});

test('weights are learnt of nothing that was not known before the moment of the question', () => {
  const asked = past(500, 3).reverse();
  const taught: string[] = [];
  const propose: Proposal = (learning) => {
    const latest = (learning as readonly Past[]).map(({ known_from }) => known_from as string).sort();
    taught.push(latest.at(-1) as string);
    return { knows: taught.length };
  };
  const weights = learntBefore(asked, propose);
  expect(taught.length).toBeGreaterThan(1);
  asked.forEach(({ moment }, i) => {
    const by = weights[i] as Readonly<Record<string, number>> | null;
    if (by === null) expect(moment < minute(231)).toBe(true);
    else expect((taught[(by['knows'] as number) - 1] as string) < moment).toBe(true);
  });
});

test('whose truth is never known teaches nothing', () => {
  const asked = past(400, 4).map((one) => ({ ...one, known_from: null }));
  const weights = learntBefore(asked, () => expect.fail('Nothing can be learnt'));
  expect(weights.every((one) => one === null)).toBe(true);
});

test.each([
  ['climbing', climbed, 300],
  ['logistic regression', learnt, 300],
  ['the position-based model', fromClicks, 900],
])('%s learns which source knows', (_, propose, count) => {
  const weights = propose(past(count, 5), { knows: 0.4, guesses: 1, misleads: 1 });
  const knows = weights['knows'] ?? 0;
  // From .4 of the heaviest: the weights count only beside each other.
  expect(knows).toBeGreaterThan(weights['guesses'] ?? 0);
  expect(knows).toBeGreaterThan(weights['misleads'] ?? 0);
});
