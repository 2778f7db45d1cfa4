import type { Tree } from '#contract/model.ts';
import { BINS, type Binned } from './bins.ts';

/** How a tree is grown. */
export type Growing = {
  depth: number;
  /** How much of a step is gone, from 0 to 1. */
  rate: number;
  /** Held against steps that rest on little. */
  ridge: number;
  /** Fewer rows are not told from the others. */
  least_rows: number;
};

/** No split asks about as much as this: it stands where there is nothing to ask, and all go to the left. */
const NOTHING = 1e9;
/**
 * No step is longer than this. Within it the loss of a logistic model falls by more than its curvature can take back
 * (e - 2 < 1), so no tree ever raises it; see Bach, Self-concordant analysis for logistic regression (2010).
 */
const LONGEST_STEP = 1;

const round = (x: number) => Number(x.toPrecision(4));

type Split = { feature: number; bin: number };

/** Sums of slopes, bends and rows by node, feature and bin of one depth. */
function histogram(binned: Binned, nodes: Uint16Array, first: number, steps: Steps): Float64Array {
  const { bins, rows } = binned;
  const width = bins.length;
  const sums = new Float64Array((first + 1) * width * BINS * 3);
  for (let j = 0; j < width; j++) {
    const column = bins[j] as Uint8Array;
    for (let row = 0; row < rows; row++) {
      const at = ((((nodes[row] as number) - first) * width + j) * BINS + (column[row] as number)) * 3;
      sums[at] = (sums[at] as number) + (steps.slopes[row] as number);
      sums[at + 1] = (sums[at + 1] as number) + (steps.bends[row] as number);
      sums[at + 2] = (sums[at + 2] as number) + 1;
    }
  }
  return sums;
}

/** The split of a node that gains most; null where none gains anything. */
function bestSplit(sums: Float64Array, from: number, { edges }: Binned, by: Growing): Split | null {
  const worth = (slope: number, bend: number) => (slope * slope) / (bend + by.ridge);
  let [best, most]: [Split | null, number] = [null, 1e-9];
  for (const [feature, { length }] of edges.entries()) {
    const at = from + feature * BINS * 3;
    const whole = [0, 0, 0];
    for (let i = 0; i <= length * 3 + 2; i++)
      whole[i % 3] = (whole[i % 3] as number) + (sums[at + i] as number);
    const [slope, bend, rows] = whole as [number, number, number];
    let [left_slope, left_bend, left_rows] = [0, 0, 0];
    for (let bin = 0; bin < length; bin++) {
      left_slope += sums[at + bin * 3] as number;
      left_bend += sums[at + bin * 3 + 1] as number;
      left_rows += sums[at + bin * 3 + 2] as number;
      if (left_rows < by.least_rows || rows - left_rows < by.least_rows) continue;
      const gain =
        worth(left_slope, left_bend) + worth(slope - left_slope, bend - left_bend) - worth(slope, bend);
      if (gain > most) [best, most] = [{ feature, bin }, gain];
    }
  }
  return best;
}

/** Of each row how its loss falls with what it is worth, and how that bends. */
export type Steps = { slopes: Float64Array; bends: Float64Array };

/**
 * Grows one complete tree, depth by depth, over histograms, by second-order gains (Chen and Guestrin, KDD 2016). Gives it with
 * the leaf that each row falls in.
 */
export function growTree(binned: Binned, steps: Steps, by: Growing): { tree: Tree; leaves: Uint16Array } {
  const { bins, edges, rows } = binned;
  const inner = 2 ** by.depth - 1;
  const nodes = new Uint16Array(rows);
  const splits: (Split | null)[] = [];
  for (let depth = 0; depth < by.depth; depth++) {
    const first = 2 ** depth - 1;
    const sums = histogram(binned, nodes, first, steps);
    for (let node = first; node <= 2 * first; node++)
      splits.push(bestSplit(sums, (node - first) * bins.length * BINS * 3, binned, by));
    for (let row = 0; row < rows; row++) {
      const node = nodes[row] as number;
      const split = splits[node];
      const right = split && ((bins[split.feature] as Uint8Array)[row] as number) > split.bin;
      nodes[row] = 2 * node + (right ? 2 : 1);
    }
  }
  const tree = {
    features: splits.map((split) => split?.feature ?? 0),
    above: splits.map((split) =>
      split ? ((edges[split.feature] as number[])[split.bin] as number) : NOTHING,
    ),
    values: valuesOf(nodes, inner, steps, by),
  };
  return { tree, leaves: nodes };
}

/** The value of each node: a leaf's own step, and of those above it the mean over the rows below. */
function valuesOf(leaves: Uint16Array, inner: number, { slopes, bends }: Steps, by: Growing): number[] {
  const all = 2 * inner + 1;
  const [slope, bend, rows] = [new Float64Array(all), new Float64Array(all), new Float64Array(all)];
  for (const [row, leaf] of leaves.entries()) {
    slope[leaf] = (slope[leaf] as number) + (slopes[row] as number);
    bend[leaf] = (bend[leaf] as number) + (bends[row] as number);
    rows[leaf] = (rows[leaf] as number) + 1;
  }
  const values = new Float64Array(all);
  for (let node = all - 1; node >= 0; node--) {
    if (node >= inner) {
      const step = (by.rate * (slope[node] as number)) / ((bend[node] as number) + by.ridge);
      values[node] = Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step));
      continue;
    }
    const [left, right] = [2 * node + 1, 2 * node + 2];
    const [l, r] = [rows[left] as number, rows[right] as number];
    rows[node] = l + r;
    const sum = l * (values[left] as number) + r * (values[right] as number);
    values[node] = l + r > 0 ? sum / (l + r) : 0;
  }
  return [...values].map(round);
}
