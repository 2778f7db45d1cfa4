import { discover, placements, weightsWithoutTalk } from '../../placements.ts';
import type { Asked } from '../../rank/asked.ts';
import {
  chooseWeights,
  climbed,
  climbedFromEqual,
  interval,
  type Proposal,
  type Weights,
} from '../../rank/choose-weights.ts';
import { learnt } from '../../rank/learnt.ts';
import type { Cells } from '../cells.ts';
import type { Observed } from '../observed.ts';
import { asRanked } from './features.ts';
import { type Question, questionsOf } from './questions.ts';

/** What a tenant's own past shows of the shipped placements. */
export type Rehearsed = {
  /** By placement, where others than the shipped weights are shown to be better, or people say nothing. */
  weights: Readonly<Record<string, Weights>>;
  /** The placements that welcome repeats, where nobody turns to anything twice: there as well only what is new is fitting. */
  never_again: readonly string[];
};

/** At once one of so many people is asked about, as long as what is learnt without them is of so many campaigns in all. */
const [ONE_OF, MOST_LEARNT] = [5, 2000];
/** Fewer questions than this show little. */
const LEAST_QUESTIONS = 40;
/** Where there are fewer: of so many steps less than this share has to lead back. */
const [LEAST_STEPS, HARDLY] = [100, 0.02];
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
function newAlone(asked: readonly Asked[], known: (user_id: string) => ReadonlySet<string>): Asked[] {
  return asked.map((one) => {
    const own = known(one.user_id);
    const kept = [...one.candidates.keys()].filter((i) => !own.has(one.candidates[i] as string));
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

/** Parts of the questions, each small enough for what is learnt without it to be about what is learnt of all. */
function apart(questions: readonly Question[], { dated, campaigns }: Observed): Question[][] {
  const parts = Math.min(
    Math.ceil((questions.length * ONE_OF) / dated.length),
    Math.max(1, Math.floor(MOST_LEARNT / campaigns.length)),
  );
  return Array.from({ length: parts }, (_, part) => questions.filter((_, i) => i % parts === part));
}

function knownBefore(observed: Observed, questions: readonly Question[]) {
  const cuts = new Map(questions.map(({ person, cut }) => [String(person), cut]));
  return (user_id: string) => {
    const person = Number(user_id);
    const from = (observed.starts[person] as number) + (cuts.get(user_id) ?? 0);
    const own = observed.items.subarray(from, observed.starts[person + 1]);
    return new Set(Array.from(own, (slot) => observed.campaigns[slot] as string));
  };
}

/**
 * What the tenant's own past shows better than what is shipped: the last steps of some people are asked about as if they had
 * not been seen; each half of them chooses for the other, and it holds only where they so show it better beyond chance. Sources
 * that ask a store are left as they are.
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
    if (questions.length < LEAST_QUESTIONS) {
      if (!repeats || !hardlyReturns(observed)) continue;
      never_again.push(name);
      weights[name] = ofNew;
      continue;
    }
    const asked = apart(questions, observed).flatMap((some) =>
      asRanked(observed, { questions: some, cells, repeats }),
    );
    const choice = chooseWeights(asked, shipped, PROPOSALS);
    const all = (chosen: Weights) => ({ ...chosen, ...othersBeside(shipped, asked, chosen) });
    if (choice.changed) weights[name] = all(choice.weights);
    if (!repeats) continue;
    const fresh = newAlone(asked, knownBefore(observed, questions));
    const other = chooseWeights(fresh, ofNew, PROPOSALS);
    const [gain] = interval(other.held.map((value, i) => value - (choice.held[i] as number)));
    if (gain <= 0) continue;
    never_again.push(name);
    weights[name] = other.changed ? all(other.weights) : ofNew;
  }
  return { weights, never_again };
}
