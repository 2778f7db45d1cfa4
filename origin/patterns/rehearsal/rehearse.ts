import { discover, otherWeights, placements, weightsWithoutTalk } from '../../placements.ts';
import { type Asked, ndcg } from '../../rank/asked.ts';
import {
  type Choice,
  chooseWeights,
  climbed,
  climbedFromEqual,
  gainOf,
  mean,
  type Proposal,
  type Weights,
} from '../../rank/choose-weights.ts';
import { learnt } from '../../rank/learnt.ts';
import type { Cells } from '../cells.ts';
import type { Observed } from '../observed.ts';
import { asRanked, type Rehearsal } from './features.ts';
import { questionsOf, slicesOf } from './questions.ts';

/** What a tenant's own past shows of the shipped placements. */
export type Rehearsed = {
  /** By placement, where others than the shipped weights are shown to be better, or people say nothing. */
  weights: Readonly<Record<string, Weights>>;
  /** The placements that welcome repeats, where nobody turns to anything twice: there as well only what is new is fitting. */
  never_again: readonly string[];
};

/**
 * From the first question to the last it is learnt anew so many times, and fewer, but some, where that is of so many campaigns or
 * entries in all.
 */
const [MOST_SLICES, LEAST_SLICES, CAMPAIGNS_LEARNT, ENTRIES_LEARNT] = [24, 2, 4000, 3_000_000];
/** Fewer questions than this show little, and so do those of fewer people. */
const [LEAST_QUESTIONS, LEAST_PEOPLE] = [40, 20];
/** Where there are fewer: of so many steps less than this share has to lead back. */
const [LEAST_STEPS, HARDLY] = [100, 0.02];
/** So sure it should be that other weights at hand are better, as the share of an interval. */
const LIKELY = 0.8;
/** What is popular keeps such a share of the heaviest weight: of whom nothing is known it alone ranks all there is. */
const LEAST_POPULAR = 0.02;
const PROPOSALS = [climbed, climbedFromEqual, learnt].map(keepingPopular);

/** The same weights, but for what is popular never being left out. */
function keepingPopular(propose: Proposal): Proposal {
  return (learning, shipped) => {
    const weights = propose(learning, shipped);
    const least = LEAST_POPULAR * Math.max(...Object.values(weights));
    return { ...weights, popular: Math.max(weights['popular'] ?? 0, least) };
  };
}

/** The questions as if nothing that people know were a candidate. */
function newAlone(asked: readonly Rehearsal[]): Asked[] {
  return asked.map((one) => {
    const kept = [...one.candidates.keys()].filter((i) => !one.known.has(one.candidates[i] as string));
    const { repeat_engagement: _, ...features } = one.features;
    return {
      ...one,
      candidates: kept.map((i) => one.candidates[i] as string),
      features: Object.fromEntries(
        Object.entries(features).map(([source, feature]) => [
          source,
          Float32Array.from(kept, (i) => feature[i] as number),
        ]),
      ),
    };
  });
}

/** Whether people hardly ever turn to what they knew, going on with the same apart. */
function hardlyReturns({ starts, dated, items }: Observed): boolean {
  let [steps, back] = [0, 0];
  dated.forEach((count, person) => {
    const from = starts[person] as number;
    const known = new Set<number>();
    for (let at = from + count - 1; at >= from; at--) {
      const campaign = items[at] as number;
      if (at < from + count - 1 && campaign !== items[at + 1]) {
        steps++;
        if (known.has(campaign)) back++;
      }
      known.add(campaign);
    }
  });
  return steps >= LEAST_STEPS && back < HARDLY * steps;
}

/** What the shipped weights say of sources that were not rehearsed, as heavy beside what was chosen as beside what is shipped. */
function othersBeside(shipped: Weights, asked: readonly Asked[], chosen: Weights): Weights {
  const rehearsed = new Set(asked.flatMap(({ features }) => Object.keys(features)));
  const heaviest = (weights: Weights) =>
    Math.max(...Object.entries(weights).map(([source, weight]) => (rehearsed.has(source) ? weight : 0)));
  const scale = heaviest(chosen) / (heaviest(shipped) || 1);
  return Object.fromEntries(
    Object.entries(shipped)
      .filter(([source]) => !rehearsed.has(source))
      .map(([source, weight]) => [source, weight * scale]),
  );
}

function affordable({ campaigns, items }: Observed): number {
  const most = Math.floor(Math.min(CAMPAIGNS_LEARNT / campaigns.length, ENTRIES_LEARNT / items.length));
  return Math.min(MOST_SLICES, Math.max(LEAST_SLICES, most));
}

/**
 * What the questions choose from the usual weights on, or from others at hand: which of these the past likely shows better is
 * where it begins, since to choose among so few is hardly learning.
 */
function choose(asked: readonly Asked[], usual: Weights, others: readonly Weights[]): Choice {
  const valuesOf = (weights: Weights) => asked.map((one) => ndcg(one, weights));
  const before = valuesOf(usual);
  const [best] = others
    .map((weights) => ({ weights, after: valuesOf(weights) }))
    .sort((a, b) => mean(b.after) - mean(a.after));
  const from = best && gainOf(asked, { before, after: best.after }, LIKELY)[0] > 0 ? best.weights : usual;
  const choice = chooseWeights(asked, from, PROPOSALS);
  return { ...choice, changed: choice.changed || from !== usual };
}

/**
 * What the tenant's own past shows better than what is shipped: people's last steps are asked about by what was known
 * before them. Others at hand are begun with where they are likely better; from there each half of the people chooses for the
 * other, and that holds only where they so show it better beyond chance. Sources that ask a store keep what the shipped weights
 * give them.
 */
export function rehearse(observed: Observed, cells: Cells | null): Rehearsed {
  const weights: Record<string, Weights> = {};
  const never_again: string[] = [];
  const talks = observed.speakers.length > 0;
  const ofNew = talks ? discover.weights : weightsWithoutTalk;
  for (const { name, weights: usual, repeats } of placements.values()) {
    const shipped = repeats ? usual : ofNew;
    if (shipped !== usual) weights[name] = shipped;
    const questions = questionsOf(observed, repeats);
    const people = new Set(questions.map(({ person }) => person)).size;
    if (questions.length < LEAST_QUESTIONS || people < LEAST_PEOPLE) {
      if (!repeats || !hardlyReturns(observed)) continue;
      never_again.push(name);
      weights[name] = ofNew;
      continue;
    }
    const slices = slicesOf(questions, affordable(observed));
    const asked = asRanked(observed, { slices, cells, repeats });
    const all = (chosen: Weights) => ({ ...chosen, ...othersBeside(shipped, asked, chosen) });
    const choice = choose(asked, shipped, repeats ? otherWeights.repeats : otherWeights.new);
    if (choice.changed) weights[name] = all(choice.weights);
    if (!repeats) continue;
    const fresh = newAlone(asked);
    const other = choose(fresh, ofNew, otherWeights.new);
    if (gainOf(fresh, { before: choice.held, after: other.held })[0] <= 0) continue;
    never_again.push(name);
    weights[name] = other.changed ? all(other.weights) : ofNew;
  }
  return { weights, never_again };
}
