import { type Examples, improve, type Logistic } from '../learning/logistic.ts';
import type { Asked } from './asked.ts';
import type { Proposal } from './choose-weights.ts';

const SWEEPS = 30;
/** The heaviest weight; they count only beside each other. */
const HEAVIEST = 3;

/** A row for each candidate of each question: what the sources said of it, and whether it came true. */
export function examplesOf(learning: readonly Asked[], sources: readonly string[]): Examples {
  const width = sources.length;
  const count = learning.reduce((sum, { candidates }) => sum + candidates.length, 0);
  const features = new Float64Array(count * width);
  const targets = new Float64Array(count);
  let row = 0;
  for (const { candidates, features: given, truth } of learning) {
    for (const [i, campaign_id] of candidates.entries()) {
      for (const [j, source] of sources.entries()) features[row * width + j] = given[source]?.[i] ?? 0;
      targets[row] = truth.has(campaign_id) ? 1 : 0;
      row++;
    }
  }
  return { width, features, targets };
}

/** The chance that a candidate comes true, by logistic regression. */
export function regression(examples: Examples): Logistic {
  return improve(examples, { base: -3, weights: new Float64Array(examples.width) }, SWEEPS);
}

/** Weights by logistic regression: of each candidate of each question, whether it came true. */
export const learnt: Proposal = (learning) => {
  const sources = [...new Set(learning.flatMap(({ features }) => Object.keys(features)))].sort();
  const { weights } = regression(examplesOf(learning, sources));
  const scale = HEAVIEST / (Math.max(...weights) || 1);
  return Object.fromEntries(
    sources.map((source, j) => [source, Number(((weights[j] as number) * scale).toPrecision(3))]),
  );
};
