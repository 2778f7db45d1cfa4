import type { ModelContent } from '#contract/model.ts';
import { clicksPerLook, type Score, type Worth, worthOf } from './off-policy.ts';
import { scoreBy } from './score-by.ts';
import { sourcesOf } from './seen-of.ts';
import type { ServedAnswer } from './served.ts';

/** A model of some answers, and how likely it takes each position (from 1) to be looked at, beside the first. */
type Proposed = { content: ModelContent; looked: Float64Array };

/** Proposes a model by the answers to learn from; the same from the same. */
export type Teacher = (learning: readonly ServedAnswer[], sources: readonly string[]) => Proposed;

export type Learnt = {
  /** What was learnt, whether it holds or not; null where there was too little to learn from. */
  proposed: ModelContent | null;
  /** Whether the held-out answers show it to be better than what is in use. */
  better: boolean;
  /** Clicks per look of the held-out answers by what is in use and by what was learnt, and the 95 % interval of the gain. */
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
 * Learns what ranks from what was served and clicked, position apart, and says it to be better only where held-out answers show
 * that beyond chance, beside what is in use. Answers come in the order they were given in.
 */
export function learnRanker(answers: readonly ServedAnswer[], used: Score, teach: Teacher): Learnt {
  const clicked = answers.filter(({ seen }) => seen.some((one) => one.clicked));
  const sources = sourcesOf(answers);
  if (clicked.length < LEAST_CLICKED || sources.length === 0)
    return { proposed: null, better: false, used: 0, learnt: 0, gain: [0, 0], looked: [] };
  const { content, looked } = teach(
    answers.filter((_, i) => i % HELD_EVERY !== 0),
    sources,
  );
  const held = answers.filter((_, i) => i % HELD_EVERY === 0);
  const worths = (score: Score) => held.map((answer) => worthOf(answer, score, looked));
  const [before, after] = [worths(used), worths(scoreBy(content))];
  const gain = interval(before, after);
  return {
    proposed: content,
    better: gain[0] > 0,
    used: clicksPerLook(before),
    learnt: clicksPerLook(after),
    gain,
    looked: [...looked.subarray(1)],
  };
}
