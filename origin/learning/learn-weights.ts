import type { Weights } from '../rank/choose-weights.ts';
import { clicksPerLook, type Score, type Worth, worthOf } from './off-policy.ts';
import { type ClickModel, learnClicks, type Seen } from './position-bias.ts';
import type { ServedAnswer } from './served.ts';

export type Learnt = {
  weights: Weights;
  /** The learnt ones, whether they hold or not; null where there was too little to learn from. */
  proposed: Weights | null;
  /** Whether they are other than those in use, which hold unless the held-out answers show others to be better. */
  changed: boolean;
  /** Clicks per look of the held-out answers by the weights in use and by the learnt ones, and the 95 % interval of the gain. */
  used: number;
  learnt: number;
  gain: readonly [low: number, high: number];
  /** How likely each position (from 1) is looked at, beside the first. */
  looked: readonly number[];
};

/** Fewer answers with a click than this show nothing. */
export const LEAST_CLICKED = 200;
const RESAMPLES = 500;
/** Every so many answers one is held out. */
const HELD_EVERY = 3;
/** The heaviest weight; they count only beside each other. */
const HEAVIEST = 3;

function seenOf(answers: readonly ServedAnswer[], sources: readonly string[]): Seen {
  const rows = answers.flatMap(({ candidates, seen }) => {
    const byId = new Map(candidates.map(({ campaign_id, features }) => [campaign_id, features]));
    return seen.flatMap(({ campaign_id, ...one }) => {
      const features = byId.get(campaign_id);
      return features ? [{ features, ...one }] : [];
    });
  });
  const width = sources.length;
  const features = new Float64Array(rows.length * width);
  for (const [row, { features: given }] of rows.entries())
    for (const [j, source] of sources.entries()) features[row * width + j] = given[source] ?? 0;
  return {
    width,
    features,
    positions: Uint16Array.from(rows, ({ position }) => position),
    clicked: Uint8Array.from(rows, ({ clicked }) => Number(clicked)),
  };
}

function asWeights({ relevance: { weights } }: ClickModel, sources: readonly string[]): Weights {
  const heaviest = Math.max(...weights);
  const scale = heaviest > 0 ? HEAVIEST / heaviest : 0;
  return Object.fromEntries(
    sources.map((source, j) => [source, Number(((weights[j] as number) * scale).toPrecision(3))]),
  );
}

const sumBy =
  (weights: Weights): Score =>
  ({ features }) =>
    Object.entries(features).reduce((sum, [source, value]) => sum + (weights[source] ?? 0) * value, 0);

/** The 95 % interval of a gain in clicks per look, by resampling whole answers in a fixed sequence. */
function interval(before: readonly Worth[], after: readonly Worth[]): [number, number] {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * before.length);
  };
  const gains = Array.from({ length: RESAMPLES }, () => {
    const picked = before.map(draw);
    const of = (worths: readonly Worth[]) => clicksPerLook(picked.map((at) => worths[at] as Worth));
    return of(after) - of(before);
  }).sort((a, b) => a - b);
  return [gains[Math.floor(RESAMPLES * 0.025)] as number, gains[Math.floor(RESAMPLES * 0.975)] as number];
}

/**
 * Learns a placement's weights from what was served and clicked, position apart, and keeps them only where held-out answers
 * show them better than those in use beyond chance. Answers come in the order they were given in.
 */
export function learnWeights(answers: readonly ServedAnswer[], used: Weights): Learnt {
  const clicked = answers.filter(({ seen }) => seen.some((one) => one.clicked));
  const sources = [
    ...new Set(answers.flatMap(({ candidates }) => candidates.flatMap((one) => Object.keys(one.features)))),
  ].sort();
  if (clicked.length < LEAST_CLICKED || sources.length === 0)
    return { weights: used, proposed: null, changed: false, used: 0, learnt: 0, gain: [0, 0], looked: [] };
  const model = learnClicks(
    seenOf(
      answers.filter((_, i) => i % HELD_EVERY !== 0),
      sources,
    ),
  );
  const weights = asWeights(model, sources);
  const held = answers.filter((_, i) => i % HELD_EVERY === 0);
  const worths = (score: Score) => held.map((answer) => worthOf(answer, score, model.looked));
  const [before, after] = [worths(sumBy(used)), worths(sumBy(weights))];
  const gain = interval(before, after);
  const changed = gain[0] > 0;
  return {
    weights: changed ? weights : used,
    proposed: weights,
    changed,
    used: clicksPerLook(before),
    learnt: clicksPerLook(after),
    gain,
    looked: [...model.looked.subarray(1)],
  };
}
