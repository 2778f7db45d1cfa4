import type { TreesModel } from '#contract/model.ts';
import { marginsOf, treesOf } from '../rank/trees.ts';
import { binned } from './bins.ts';
import { type Growing, growTree } from './grow-tree.ts';
import { type Logistic, sigmoid } from './logistic.ts';

/** Rows of features, one after another; whether each was clicked, and how likely it was looked at (1 where that is known). */
export type Clicks = { width: number; features: Float64Array; clicked: Uint8Array; looked: Float64Array };

const GROWING: Growing = { depth: 3, rate: 0.1, ridge: 5, least_rows: 20 };
/** With that depth under what a model may hold: some 260 bytes a tree. */
const MOST_TREES = 200;
/** So many trees without any gain on what is held back, and there will be none. */
const PATIENCE = 20;
const LEAST_BEND = 1e-6;

const clamp = (x: number) => Math.min(1 - 1e-9, Math.max(1e-9, x));

/** What was not clicked was either not looked at or does not fit: the chance that it does all the same. */
function expected(clicked: number | undefined, look: number, fit: number): number {
  return clicked ? 1 : ((1 - look) * fit) / (1 - look * fit);
}

/** The mean negative log likelihood of the clicks, each a look times a fit. */
export function lossOf({ clicked, looked }: Clicks, margins: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < margins.length; row++) {
    const chance = clamp((looked[row] as number) * sigmoid(margins[row] as number));
    sum -= Math.log(clicked[row] ? chance : 1 - chance);
  }
  return sum / Math.max(1, margins.length);
}

/**
 * Boosts trees upon a logistic model, so that it explains clicks better, position apart: each tree is a step of the regression EM of
 * the position-based model, and none ever raises the loss of the rows it learns from. It ends where rows that are held back
 * gain no more. The same rows give the same trees.
 */
export function boostTrees(
  learning: Clicks,
  held: Clicks,
  from: Logistic,
  { growing = GROWING, most_trees = MOST_TREES }: { growing?: Growing; most_trees?: number } = {},
): Omit<TreesModel, 'kind' | 'sources'> & { losses: number[] } {
  const { width, features, clicked, looked } = learning;
  const round = (x: number) => Number(x.toPrecision(5));
  const start = {
    base: round(from.base),
    weights: [...from.weights].map(round),
    trees: [] as TreesModel['trees'],
  };
  const sources = start.weights.map((_, j) => String(j));
  const marginsBy = (rows: Clicks, model: Omit<TreesModel, 'kind' | 'sources'>) =>
    marginsOf(treesOf({ ...model, sources }), rows.features);
  const [margins, held_margins] = [marginsBy(learning, start), marginsBy(held, start)];
  const bins = binned(features, width);
  const steps = { slopes: new Float64Array(margins.length), bends: new Float64Array(margins.length) };
  const losses = [lossOf(learning, margins)];
  let [kept, least] = [0, lossOf(held, held_margins)];
  for (let count = 1; count <= most_trees && count - kept <= PATIENCE; count++) {
    for (let row = 0; row < margins.length; row++) {
      const fit = clamp(sigmoid(margins[row] as number));
      steps.slopes[row] = expected(clicked[row], looked[row] as number, fit) - fit;
      steps.bends[row] = Math.max(LEAST_BEND, fit * (1 - fit));
    }
    const { tree, leaves } = growTree(bins, steps, growing);
    start.trees.push(tree);
    for (let row = 0; row < margins.length; row++)
      margins[row] = (margins[row] as number) + (tree.values[leaves[row] as number] as number);
    const alone = marginsBy(held, { base: 0, weights: start.weights.map(() => 0), trees: [tree] });
    for (let row = 0; row < alone.length; row++)
      held_margins[row] = (held_margins[row] as number) + (alone[row] as number);
    losses.push(lossOf(learning, margins));
    const loss = lossOf(held, held_margins);
    if (loss < least) [kept, least] = [count, loss];
  }
  return { ...start, trees: start.trees.slice(0, kept), losses };
}
