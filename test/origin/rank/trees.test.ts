import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tree, TreesModel } from '#contract/model.ts';
import { givenBy, marginsOf, treesOf } from '../../../origin/rank/trees.ts';

const WIDTH = 3;
const value = fc.double({ min: -5, max: 5, noNaN: true });
const listOf = <T>(item: fc.Arbitrary<T>, length: number) =>
  fc.array(item, { minLength: length, maxLength: length });

const tree: fc.Arbitrary<Tree> = fc.integer({ min: 1, max: 4 }).chain((depth) =>
  fc.record({
    features: listOf(fc.nat(WIDTH - 1), 2 ** depth - 1),
    above: listOf(value, 2 ** depth - 1),
    values: listOf(value, 2 ** (depth + 1) - 1),
  }),
);
const model = fc.record({
  ...{ sources: fc.constant<string[]>(['a', 'b', 'c']), base: value, weights: listOf(value, WIDTH) },
  trees: fc.array(tree, { maxLength: 6 }),
});
const rows = fc.array(listOf(value, WIDTH), { minLength: 1, maxLength: 5 });

type Model = Omit<TreesModel, 'kind'>;

/** As it is written: node by node from the root, of one tree for one row. */
function valueAt({ features, above, values }: Tree, row: readonly number[], node = 0): number {
  const [feature, limit] = [features[node], above[node]];
  if (feature === undefined || limit === undefined) return values[node] as number;
  return valueAt({ features, above, values }, row, 2 * node + ((row[feature] as number) > limit ? 2 : 1));
}

const naive = ({ base, weights, trees }: Model, row: readonly number[]) =>
  trees.reduce(
    (sum, one) => sum + valueAt(one, row),
    weights.reduce((sum, weight, j) => sum + weight * (row[j] as number), base),
  );

test('trees in flat arrays give each row what the trees say one by one', () => {
  fc.assert(
    fc.property(model, rows, (content, given) => {
      const margins = marginsOf(treesOf(content), Float64Array.from(given.flat()));
      expect([...margins]).toEqual(given.map((row) => naive(content, row)));
    }),
  );
});

test('what the sources gave, with the base and the roots, is all that a row is worth', () => {
  fc.assert(
    fc.property(model, listOf(value, WIDTH), (content, row) => {
      const given = givenBy(treesOf(content), Float64Array.from(row));
      const roots = content.trees.reduce((sum, { values }) => sum + (values[0] as number), content.base);
      expect(given.reduce((sum, x) => sum + x, roots)).toBeCloseTo(naive(content, row), 8);
    }),
  );
});
