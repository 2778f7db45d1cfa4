import { type Asked, ndcg, ndcgBy, raisedBy } from '../../../origin/rank/asked.ts';
import { climbed, interval, mean, type Proposal, type Weights } from '../../../origin/rank/choose-weights.ts';
import { learnt } from '../../../origin/rank/learnt.ts';
import { treesByPast } from './by-trees.ts';
import { fromClicks } from './from-clicks.ts';
import { learntBefore } from './learnt-before.ts';
import type { Past } from './past-question.ts';

/** A way of ranking: NDCG@10, half of its 95 % interval, and the interval of its gain beside the shipped weights. */
export type Shown = { what: string; ndcg: number; half: number; gain: readonly [low: number, high: number] };

/** NDCG@10 of a question, as if sources without a weight had never been asked. */
function judge(question: Asked, weights: Weights): number {
  const sources = Object.keys(weights).filter((source) => (weights[source] ?? 0) > 0);
  return ndcg(raisedBy(question, sources), weights);
}

/**
 * Each way of ranking the questions: by the weights in use, with each source left out, by each alone, by the plain sum, and by
 * weights learnt of what was known before each question, which is never of its own truth. Boosts and rules are left out.
 */
export function rowsOf(asked: readonly Past[]): Shown[] {
  const seen = [...new Set(asked.flatMap(({ features }) => Object.keys(features)))].sort();
  const weighed = seen.filter((source) => asked.some(({ weights }) => (weights[source] ?? 0) > 0));
  const before = asked.map((question) => judge(question, question.weights));
  const shown = (what: string, values: readonly number[]): Shown => {
    const [low, high] = interval(values);
    const gain = interval(values.map((value, i) => value - (before[i] as number)));
    return { what, ndcg: mean(values), half: (high - low) / 2, gain };
  };
  const row = (what: string, weightsOf: (question: Past, i: number) => Weights) =>
    shown(
      what,
      asked.map((question, i) => judge(question, weightsOf(question, i))),
    );
  const learning = (what: string, propose: Proposal) => {
    const learnt = learntBefore(asked, propose);
    return row(`learnt before: ${what}`, ({ weights }, i) => learnt[i] ?? weights);
  };
  const trees = learntBefore(asked, treesByPast);
  return [
    row('shipped weights', ({ weights }) => weights),
    row('plain sum', () => Object.fromEntries(seen.map((source) => [source, 1]))),
    ...weighed.map((source) => row(`without ${source}`, ({ weights }) => ({ ...weights, [source]: 0 }))),
    ...seen.map((source) => row(`${source} alone`, () => ({ [source]: 1 }))),
    learning('climbed', climbed),
    learning('logistic regression', learnt),
    learning('position-based model', fromClicks),
    shown(
      'learnt before: boosted trees',
      asked.map((question, i) => {
        const score = trees[i];
        return score ? ndcgBy(question, score(question)) : (before[i] as number);
      }),
    ),
  ];
}
