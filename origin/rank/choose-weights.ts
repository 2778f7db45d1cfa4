import { type Asked, ndcg } from './asked.ts';

export type Weights = Readonly<Record<string, number>>;

export type Choice = {
  weights: Weights;
  /** Whether they are other than the shipped ones, which hold unless others are shown to be better. */
  changed: boolean;
  /** NDCG@10 by the shipped weights and by those that others' questions chose, and the 95 % interval of the gain. */
  shipped: number;
  tuned: number;
  gain: readonly [low: number, high: number];
  /** NDCG@10 of each question, in their order, by weights that it had no part in choosing: the shipped ones, where these hold. */
  held: readonly number[];
};

const ROUNDS = 4;
const STEPS = [0, 0.5, 0.75, 1.35, 2];
/** What a source without any weight is tried with, beside the heaviest. */
const FIRST = 0.15;
const RESAMPLES = 1000;

export const mean = (values: readonly number[]) =>
  values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);

/** Of which half of the people a person is: always the same. */
function inFirstHalf(user_id: string): boolean {
  let h = 0x811c9dc5;
  for (let i = 0; i < user_id.length; i++) h = Math.imul(h ^ user_id.charCodeAt(i), 0x01000193);
  return ((h ^ (h >>> 15)) & 1) === 0;
}

/** Proposes weights by the questions to learn from. */
export type Proposal = (learning: readonly Asked[], shipped: Weights) => Weights;

const sourcesOf = (asked: readonly Asked[]) =>
  [...new Set(asked.flatMap(({ features }) => Object.keys(features)))].sort();

const meanOf = (questions: readonly Asked[], weights: Weights) =>
  mean(questions.map((q) => ndcg(q, weights)));

/** Changes one weight at a time for as long as that raises what is measured. */
function climb(from: Weights, sources: readonly string[], measure: (weights: Weights) => number): Weights {
  let [weights, best] = [from, measure(from)];
  for (let round = 0; round < ROUNDS; round++) {
    const before = best;
    for (const source of sources) {
      const now = weights[source] ?? 0;
      const heaviest = Math.max(...Object.values(weights)) || 1;
      for (const value of now > 0 ? STEPS.map((step) => now * step) : [FIRST * heaviest]) {
        const tried = { ...weights, [source]: value };
        // Without any weight the order would be that of ids.
        if (sources.every((other) => (tried[other] ?? 0) === 0)) continue;
        const reached = measure(tried);
        if (reached > best) [weights, best] = [tried, reached];
      }
    }
    if (best === before) break;
  }
  return weights;
}

/** The shipped weights, changed one at a time. */
export const climbed: Proposal = (learning, shipped) =>
  climb(shipped, sourcesOf(learning), (weights) => meanOf(learning, weights));

/** The same from equal weights: where the shipped ones lead nowhere. */
export const climbedFromEqual: Proposal = (learning) => {
  const sources = sourcesOf(learning);
  const equal = Object.fromEntries(sources.map((source) => [source, 1]));
  return climb(equal, sources, (weights) => meanOf(learning, weights));
};

/** The interval of a mean, by resampling in a fixed sequence: of 95 %, where no other share is given. */
export function interval(values: readonly number[], share = 0.95): [number, number] {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return values[Math.floor((state / 2 ** 32) * values.length)] as number;
  };
  const means = Array.from({ length: RESAMPLES }, () => mean(values.map(draw))).sort((a, b) => a - b);
  const at = (quantile: number) => means[Math.floor(RESAMPLES * quantile)] as number;
  return [at((1 - share) / 2), at((1 + share) / 2)];
}

/**
 * The interval, as `interval` gives it, of the mean gain of people, who may have been asked about more than once, from what each
 * question was worth before and what it is worth after.
 */
export function gainOf(
  asked: readonly Asked[],
  { before, after }: { before: readonly number[]; after: readonly number[] },
  share?: number,
): [number, number] {
  const byPerson = Map.groupBy(asked.keys(), (i) => (asked[i] as Asked).user_id);
  const gain = (i: number) => (after[i] as number) - (before[i] as number);
  return interval(
    [...byPerson.values()].map((own) => mean(own.map(gain))),
    share,
  );
}

/** The mean of both, the other brought to the scale of the one by what they say of these sources. */
function between(one: Weights, other: Weights, sources: readonly string[]): Weights {
  const sumOf = (weights: Weights) => sources.reduce((sum, source) => sum + (weights[source] ?? 0), 0);
  const scale = sumOf(one) / (sumOf(other) || 1);
  return Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((source) => [
      source,
      ((one[source] ?? 0) + scale * (other[source] ?? 0)) / 2,
    ]),
  );
}

/**
 * Chooses a placement's weights: each half of the people chooses the best of what is proposed, and is judged by what the other
 * half chose. The mean of both choices is kept, and only where it is so shown to be better than the shipped weights beyond chance.
 */
export function chooseWeights(
  asked: readonly Asked[],
  shipped: Weights,
  proposals: readonly Proposal[] = [climbed],
): Choice {
  const chosenBy = (first: boolean): Weights => {
    const learning = asked.filter((q) => inFirstHalf(q.user_id) === first);
    const [best] = proposals
      .map((propose) => propose(learning, shipped))
      .map((weights) => ({ weights, reached: meanOf(learning, weights) }))
      .sort((a, b) => b.reached - a.reached);
    return best?.weights ?? shipped;
  };
  const [one, other] = [chosenBy(true), chosenBy(false)];
  const before = asked.map((q) => ndcg(q, shipped));
  const after = asked.map((q) => ndcg(q, inFirstHalf(q.user_id) ? other : one));
  const gain = gainOf(asked, { before, after });
  const changed = asked.length > 0 && gain[0] > 0;
  return {
    weights: changed ? between(one, other, sourcesOf(asked)) : shipped,
    ...{ changed, shipped: mean(before), tuned: mean(after), gain },
    held: changed ? after : before,
  };
}
