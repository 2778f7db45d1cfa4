import { boostTrees, type Clicks } from '../../../origin/learning/boost-trees.ts';
import type { Asked } from '../../../origin/rank/asked.ts';
import { examplesOf, regression } from '../../../origin/rank/learnt.ts';
import { marginsOf, treesOf } from '../../../origin/rank/trees.ts';

/** Every so many of the questions one tells when to end. */
const BACK_EVERY = 5;

/** Boosted trees upon logistic regression, of each candidate of each question whether it came true; and what they score. */
export function treesByPast(learning: readonly Asked[]): (asked: Asked) => Float64Array {
  const sources = [...new Set(learning.flatMap(({ features }) => Object.keys(features)))].sort();
  const part = (back: boolean): Clicks => {
    const questions = learning.filter((_, i) => (i % BACK_EVERY === 0) === back);
    const { width, features, targets } = examplesOf(questions, sources);
    return { width, features, clicked: Uint8Array.from(targets), looked: targets.map(() => 1) };
  };
  const boosted = boostTrees(part(false), part(true), regression(examplesOf(learning, sources)));
  const trees = treesOf({ sources, ...boosted });
  return (asked) => marginsOf(trees, examplesOf([asked], sources).features);
}
