import type { TreesModel } from '#contract/model.ts';

/**
 * Boosted trees upon a weighted sum, one tree after another in flat arrays. Of a tree with so many inner nodes `features` and
 * `above` hold one entry each, `values` two and one more, so that the children of a node `i` are `2i + 1` and `2i + 2`.
 */
export type Trees = {
  sources: readonly string[];
  base: number;
  weights: Float64Array;
  /** How many inner nodes each tree has. */
  inner: Uint16Array;
  features: Uint8Array;
  above: Float64Array;
  values: Float64Array;
};

export function treesOf({ sources, base, weights, trees }: Omit<TreesModel, 'kind'>): Trees {
  return {
    ...{ sources, base },
    weights: Float64Array.from(weights),
    inner: Uint16Array.from(trees, ({ features }) => features.length),
    features: Uint8Array.from(trees.flatMap(({ features }) => features)),
    above: Float64Array.from(trees.flatMap(({ above }) => above)),
    values: Float64Array.from(trees.flatMap(({ values }) => values)),
  };
}

/** What each row of features is worth: rows stand one after another, each as wide as there are sources. */
export function marginsOf(model: Trees, rows: Float64Array): Float64Array {
  const { base, weights, inner, features, above, values } = model;
  const width = weights.length;
  const sums = new Float64Array(rows.length / width);
  for (let row = 0; row < sums.length; row++) {
    let sum = base;
    for (let j = 0; j < width; j++) sum += (weights[j] as number) * (rows[row * width + j] as number);
    sums[row] = sum;
  }
  let [node0, value0] = [0, 0];
  // Tree by tree, so that one stays in the processor's cache for all rows.
  for (let tree = 0; tree < inner.length; tree++) {
    const nodes = inner[tree] as number;
    for (let row = 0; row < sums.length; row++) {
      let node = 0;
      while (node < nodes) {
        const value = rows[row * width + (features[node0 + node] as number)] as number;
        node = 2 * node + (value > (above[node0 + node] as number) ? 2 : 1);
      }
      sums[row] = (sums[row] as number) + (values[value0 + node] as number);
    }
    node0 += nodes;
    value0 += 2 * nodes + 1;
  }
  return sums;
}

/**
 * What each source gave of what a row is worth: its part of the weighted sum, and at each step down a tree that asked about it
 * how much that changed what was to be expected (Saabas, 2014). Together with the base and the trees' roots it is all of it.
 */
export function givenBy(model: Trees, row: Float64Array): Float64Array {
  const { weights, inner, features, above, values } = model;
  const given = weights.map((weight, j) => weight * (row[j] as number));
  let [node0, value0] = [0, 0];
  for (const nodes of inner) {
    let node = 0;
    while (node < nodes) {
      const feature = features[node0 + node] as number;
      const next = 2 * node + ((row[feature] as number) > (above[node0 + node] as number) ? 2 : 1);
      const change = (values[value0 + next] as number) - (values[value0 + node] as number);
      given[feature] = (given[feature] as number) + change;
      node = next;
    }
    node0 += nodes;
    value0 += 2 * nodes + 1;
  }
  return given;
}
