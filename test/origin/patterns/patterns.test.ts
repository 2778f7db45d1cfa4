import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../infra/local/simulated/random.ts';
import { learn } from '../../../origin/patterns/learn.ts';
import type { Neighbours } from '../../../origin/patterns/neighbours.ts';
import { MOST_DENSE } from '../../../origin/patterns/pair-weights.ts';
import { patternsOf } from '../../../origin/patterns/patterns.ts';
import { caredAbout, saidAbout } from '../../../origin/patterns/talk.ts';
import { otherWeights, weightsWithoutTalk } from '../../../origin/placements.ts';
import type { Weights } from '../../../origin/rank/choose-weights.ts';
import { observed } from './observations.ts';

const signal = new AbortController().signal;

function neighboursOf({ starts, columns, weights }: Neighbours, slot: number) {
  const [from, to] = [starts[slot], starts[slot + 1]];
  return [...columns.subarray(from, to)].map(
    (column, i) => [column, weights[(from as number) + i] as number] as const,
  );
}

const pairs = Array.from({ length: 60 }, (_, i) => (i % 2 ? ['a', 'b'] : ['c', 'd']));

describe('campaigns that go together', () => {
  test('are those that the same people engaged with', () => {
    const { campaigns, together } = patternsOf(observed(pairs));
    expect(campaigns).toEqual(['a', 'b', 'c', 'd']);
    expect([0, 1, 2, 3].map((slot) => neighboursOf(together, slot).map(([column]) => column))).toEqual([
      [1],
      [0],
      [3],
      [2],
    ]);
  });

  test('are found alike where there are too many for EASE', () => {
    const many = Array.from({ length: MOST_DENSE }, (_, i) => [`z-${i}`]);
    const { campaigns, together, next } = patternsOf(observed([...pairs, ...many]));
    expect(campaigns.length).toBeGreaterThan(MOST_DENSE);
    expect([0, 1, 2, 3].map((slot) => neighboursOf(together, slot).map(([column]) => column))).toEqual([
      [1],
      [0],
      [3],
      [2],
    ]);
    expect(neighboursOf(next, 1).map(([column]) => column)).toEqual([0]);
  });

  test('are at most 100 for each', () => {
    const all = Array.from({ length: 150 }, (_, i) => `c-${i}`);
    const { together, next } = patternsOf(observed(Array.from({ length: 20 }, () => all)));
    for (let slot = 0; slot < all.length; slot++) {
      expect(neighboursOf(together, slot).length).toBeLessThanOrEqual(100);
      expect(neighboursOf(next, slot).length).toBeLessThanOrEqual(100);
    }
  });
});

test('what comes next is what people went on to, the step just before counting most', () => {
  // Newest first: a, then b, then c.
  const { next } = patternsOf(observed(Array.from({ length: 30 }, () => ['c', 'b', 'a'])));
  const [afterA, afterB, afterC] = [0, 1, 2].map((slot) => neighboursOf(next, slot));
  expect(afterA?.map(([column]) => column)).toEqual([1, 2]);
  expect(afterA?.[0]?.[1]).toBeGreaterThan(afterA?.[1]?.[1] as number);
  expect(afterB?.map(([column]) => column)).toEqual([2]);
  expect(afterC).toEqual([]);
});

describe('the map of talk', () => {
  const said = Array.from({ length: 64 }, (_, i) => ({
    vector: i % 2 ? [1, 0] : [0, 1],
    speaker: i % 4,
    about: i % 2 ? 'east' : 'north',
  }));
  const people = [
    ['north', 'snow'],
    ['east', 'sun'],
    ['north', 'snow'],
    ['east', 'sun'],
  ];

  test('tells what those care about who talk alike, and where a campaign is talked about', () => {
    const { campaigns, talk } = patternsOf(observed(people, said));
    if (!talk) throw new Error('There is no map');
    const best = (values: Float64Array) =>
      campaigns.filter((_, i) => (values[i] as number) > 0.5 * Math.max(...values));
    expect(best(caredAbout(talk, Float32Array.of(1, 0)))).toEqual(['east', 'sun']);
    expect(best(caredAbout(talk, Float32Array.of(0, 1)))).toEqual(['north', 'snow']);
    expect(best(saidAbout(talk, Float32Array.of(0, 1)))).toEqual(['north']);
  });

  test('is not drawn of a few messages', () => {
    expect(patternsOf(observed(people, said.slice(0, 8))).talk).toBeNull();
  });
});

test('the same observations give the same patterns and version, in a worker as well; others another', async () => {
  const people = Array.from({ length: 1500 }, (_, i) => [
    `c-${i % 110}`,
    `c-${(i * 7) % 120}`,
    `c-${(i * i) % 90}`,
  ]);
  const here = patternsOf(observed(people));
  expect(await learn(observed(people), null, signal)).toEqual(here);
  expect(patternsOf(observed(people.slice(1))).version).not.toBe(here.version);
});

test('a tenant without anybody has empty patterns', () => {
  expect(patternsOf(observed([]))).toMatchObject({ campaigns: [], talk: null, people: 0, engagements: 0 });
});

/** People who each keep to one of ten groups of campaigns, and say nothing. */
const groups = (people: number) => {
  const random = seededRandom(6);
  return Array.from({ length: people }, (_, p) =>
    random.some(
      Array.from({ length: 10 }, (_, i) => `k-${p % 10}-${i}`),
      7,
    ),
  );
};

/** What rests on nothing but what people do. */
const LOCAL = ['lasting_taste', 'co_engagement', 'next_campaigns', 'popular', 'trending'];

describe('weights', () => {
  /** People half of whose steps are to what everybody turns to in that hour, whatever they did before. */
  function fashionable(people: number) {
    const random = seededRandom(4);
    const all = Array.from({ length: 60 }, (_, i) => `c-${i}`);
    return Array.from({ length: people }, (_, p) => {
      const some = random.some(all, 8);
      const on = ['d', 'c', 'b', 'a'].map((one) => `f-${Math.floor(p / 10)}-${one}`);
      return [...on.slice(0, 2), ...some.slice(0, 2), ...on.slice(2), ...some.slice(2)];
    });
  }
  const shareOf = (weights: Weights = {}, source: string) =>
    (weights[source] ?? 0) / Math.max(...LOCAL.map((local) => weights[local] ?? 0));

  test('are others than the shipped where the past of a tenant without talk shows them better', () => {
    const discover = patternsOf(observed(fashionable(300))).weights['discover'];
    expect(shareOf(discover, 'trending')).toBeGreaterThan(2 * shareOf(weightsWithoutTalk, 'trending'));
  });

  /** People who keep to campaigns of their own group, and say what tells nothing of it. */
  function faithful(people: number) {
    const random = seededRandom(5);
    const own = Array.from({ length: people }, (_, p) =>
      random.some(
        Array.from({ length: 12 }, (_, i) => `g-${p % 6}-${i}`),
        8,
      ),
    );
    const said = own.flatMap((campaigns, speaker) =>
      campaigns.map((about, i) => {
        const angle = 7 * random.next();
        const said_ms = 1e12 + 60_000 * (speaker * 100 + campaigns.length - i);
        return { vector: [Math.cos(angle), Math.sin(angle)], speaker, about, said_ms };
      }),
    );
    return observed(own, said);
  }

  test('are others than the shipped where the past of a tenant whose people talk shows them better', () => {
    const weights = patternsOf(faithful(120)).weights['discover'];
    const heaviest = Math.max(...LOCAL.map((source) => weights?.[source] ?? 0));
    expect(Math.max(weights?.['lasting_taste'] ?? 0, weights?.['co_engagement'] ?? 0)).toBe(heaviest);
    expect(weights?.['popular']).toBeLessThan(heaviest);
  });

  test('are chosen from others at hand where the past of a few dozen people likely shows these better', () => {
    const chosen = patternsOf(faithful(30)).weights['discover'];
    const lasting = otherWeights.new.find((weights) => 'lasting_taste' in weights) ?? {};
    expect(Object.keys(chosen ?? {}).filter((source) => LOCAL.includes(source))).toEqual(
      Object.keys(lasting),
    );
    expect(shareOf(chosen, 'lasting_taste')).toBe(1);
    expect(patternsOf(faithful(15)).weights['discover']).toBeUndefined();
  });

  test('never leave out what is popular, since of whom nothing is known it alone ranks all there is', () => {
    for (const past of [faithful(120), observed(groups(120))]) {
      const all = Object.values(patternsOf(past).weights);
      expect(all.length).toBeGreaterThan(0);
      for (const weights of all) {
        const heaviest = Math.max(...LOCAL.map((source) => weights[source] ?? 0));
        expect(weights['popular']).toBeGreaterThanOrEqual(0.02 * heaviest);
        expect(weights['popular']).toBeLessThanOrEqual(heaviest);
      }
    }
  });

  test('are the shipped ones where the past is too short to show anything, and those without talk where nobody talks', () => {
    const few = fashionable(15);
    expect(patternsOf(observed(few)).weights['discover']).toEqual(weightsWithoutTalk);
    const said = [{ vector: [1, 0], speaker: 0, about: 'c-12' }];
    expect(patternsOf(observed(few, said)).weights['discover']).toBeUndefined();
  });

  test('keep what they say of sources that ask a store, as heavy as before beside the others', () => {
    const discover = patternsOf(observed(fashionable(300))).weights['discover'];
    expect(discover).not.toEqual(weightsWithoutTalk);
    for (const source of ['fitting_context', 'nearest_campaigns', 'graph_neighbours']) {
      expect(shareOf(weightsWithoutTalk, source)).toBeGreaterThan(0);
      expect(shareOf(discover, source)).toBeCloseTo(shareOf(weightsWithoutTalk, source), 6);
    }
  });
});

describe('where people turn to nothing twice', () => {
  const random = seededRandom(3);
  const all = Array.from({ length: 60 }, (_, i) => `c-${i}`);
  /** People who take each campaign once; or, sometimes, again. */
  const people = (count: number, again: number) =>
    Array.from({ length: count }, () => {
      const own: string[] = [];
      while (own.length < 15) {
        const known = own.length > 0 && random.chance(again);
        own.push(random.pick(known ? own : all.filter((one) => !own.includes(one))));
      }
      return own;
    });

  test('what is known is no candidate anywhere, whether few or many people show it', () => {
    expect(patternsOf(observed(people(300, 0))).never_again).toEqual(['continue']);
    expect(patternsOf(observed(people(12, 0))).never_again).toEqual(['continue']);
  });

  test('but it is where they do, or where nobody can tell yet', () => {
    expect(patternsOf(observed(people(300, 0.5))).never_again).toEqual([]);
    expect(patternsOf(observed(people(12, 0.5))).never_again).toEqual([]);
    expect(patternsOf(observed(people(2, 0))).never_again).toEqual([]);
  });
});
