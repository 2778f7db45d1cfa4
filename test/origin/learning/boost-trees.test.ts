import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../infra/local/simulated/random.ts';
import { boostTrees, type Clicks, lossOf } from '../../../origin/learning/boost-trees.ts';
import { sigmoid } from '../../../origin/learning/logistic.ts';
import { marginsOf, treesOf } from '../../../origin/rank/trees.ts';

const nothing = (width: number) => ({ base: 0, weights: new Float64Array(width) });

function clicksOf(count: number, seed: number, chance: (row: readonly number[]) => number): Clicks {
  const random = seededRandom(seed);
  const rows = Array.from({ length: count }, () => [random.next() * 3, random.next() * 3, random.next() * 3]);
  const looked = Float64Array.from(rows, (_, i) => 1 / ((i % 5) + 1));
  return {
    ...{ width: 3, features: Float64Array.from(rows.flat()), looked },
    clicked: Uint8Array.from(rows, (row, i) => Number(random.chance((looked[i] as number) * chance(row)))),
  };
}

/** Either of two features makes it fit, but not both: what no weighted sum can say. */
const either = ([a = 0, b = 0]: readonly number[]) => (a > 1.5 !== b > 1.5 ? 0.8 : 0.05);

const marginsBy = (model: ReturnType<typeof boostTrees>, { features }: Clicks) =>
  marginsOf(treesOf({ ...model, sources: ['a', 'b', 'c'] }), features);

describe('boosted trees', () => {
  const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const clicks = fc
    .array(
      fc.record({
        row: fc.tuple(finite(-2, 4), fc.constantFrom(0, 1, 2), finite(0, 1e6)),
        clicked: fc.boolean(),
        looked: finite(0.02, 1),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map(
      (all): Clicks => ({
        ...{ width: 3, features: Float64Array.from(all.flatMap(({ row }) => row)) },
        clicked: Uint8Array.from(all, ({ clicked }) => Number(clicked)),
        looked: Float64Array.from(all, ({ looked }) => looked),
      }),
    );

  test('never raise the loss of what they learn from, whatever that is, and however bold they are', () => {
    const growing = fc.record({
      ...{ depth: fc.integer({ min: 1, max: 4 }), rate: finite(0.05, 1), ridge: finite(0, 5) },
      least_rows: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(clicks, growing, finite(-6, 6), (given, by, base) => {
        const from = { base, weights: Float64Array.of(0.5, -0.5, 0) };
        const { losses } = boostTrees(given, given, from, { growing: by, most_trees: 8 });
        for (const [i, loss] of losses.entries())
          if (i > 0) expect(loss).toBeLessThanOrEqual((losses[i - 1] as number) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  test('say what no weighted sum can, apart from how far down it stood', () => {
    const [learning, held, fresh] = [1, 2, 3].map((seed) => clicksOf(3000, seed, either)) as [
      Clicks,
      Clicks,
      Clicks,
    ];
    const model = boostTrees(learning, held, nothing(3));
    const margins = marginsBy(model, fresh);
    const truth = Float64Array.from(margins, (_, i) => {
      const chance = either([...fresh.features.subarray(i * 3, i * 3 + 3)]);
      return Math.log(chance / (1 - chance));
    });
    const best = lossOf(fresh, truth);
    const flat = lossOf(
      fresh,
      margins.map(() => -0.5),
    );
    expect(lossOf(fresh, margins)).toBeLessThan(best + 0.1 * (flat - best));
    const [fits, not] = [true, false].map((wanted) => {
      const own = [...margins].filter((_, i) => (truth[i] as number) > 0 === wanted).map(sigmoid);
      return own.reduce((sum, x) => sum + x, 0) / own.length;
    });
    expect(fits).toBeGreaterThan(0.7);
    expect(not).toBeLessThan(0.15);
  });

  test('are the same of the same, within what a model may hold, and none where there is nothing to be learnt', () => {
    const [learning, held] = [clicksOf(2000, 4, either), clicksOf(2000, 5, either)];
    const { losses: _, ...model } = boostTrees(learning, held, nothing(3));
    expect(boostTrees(learning, held, nothing(3))).toMatchObject(model);
    expect(model.trees.length).toBeGreaterThan(10);
    const largest = boostTrees(learning, learning, nothing(3));
    expect(largest.trees.length).toBe(200);
    expect(JSON.stringify(largest).length).toBeLessThan(64 * 1024);
    const noise = () => 0.3;
    const chance = Math.log(0.3 / 0.7);
    const from = { ...nothing(3), base: chance };
    expect(boostTrees(clicksOf(2000, 6, noise), clicksOf(2000, 7, noise), from).trees.length).toBeLessThan(5);
  });
});
