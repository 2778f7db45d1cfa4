import { placements } from '../placements.ts';
import type { Asked } from '../rank/asked.ts';
import { chooseWeights, type Weights } from '../rank/choose-weights.ts';
import { engagedLately } from '../rank/engaged-lately.ts';
import { DAY_MS, HALF_LIFE_DAYS, NOW_HALF_LIFE_MS, strengthOf } from '../tenant/popularity.ts';
import { coEngagement } from './co-engagement.ts';
import { follow, NEXT, TOGETHER } from './follow.ts';
import { distinct, type Observed } from './observed.ts';
import { transitions } from './transitions.ts';

/** So many people's last steps are asked about. */
const PEOPLE = 600;
/** Fewer questions than this show nothing. */
const LEAST_QUESTIONS = 60;
const LEAST_DISTINCT = 5;
const LEAST_ENGAGEMENTS = 10;
const NEXT_ENGAGEMENTS = 10;

/** A moment of a person's past: of their engagements, newest first, those from `cut` on had been seen; what came then. */
type Question = { person: number; cut: number; moment_ms: number; truth: number[] };

/** The moment before the last two campaigns that were new to a person. */
function lastNew(own: readonly number[], times: readonly number[]): Omit<Question, 'person'> | null {
  const first = new Map<number, number>();
  for (const [at, campaign] of own.entries()) first.set(campaign, at);
  if (first.size < LEAST_DISTINCT) return null;
  const [last, before] = [...first].sort(([, a], [, b]) => a - b) as [[number, number], [number, number]];
  return { cut: before[1] + 1, moment_ms: times[before[1]] as number, truth: [last[0], before[0]] };
}

/** The moment before the last fifth of what a person did. */
function lastFifth(own: readonly number[], times: readonly number[]): Omit<Question, 'person'> | null {
  if (own.length < LEAST_ENGAGEMENTS) return null;
  const cut = Math.ceil(own.length / 5);
  const next = own.slice(Math.max(0, cut - NEXT_ENGAGEMENTS), cut);
  return { cut, moment_ms: times[cut - 1] as number, truth: [...new Set(next)] };
}

function questionsOf({ starts, dated, items, times }: Observed, repeats: boolean): Question[] {
  const all: Question[] = [];
  dated.forEach((count, person) => {
    const from = starts[person] as number;
    // Who has more than is dated has met campaigns nobody knows when.
    if (!repeats && from + count !== starts[person + 1]) return;
    const [own, when] = [[...items.subarray(from, from + count)], [...times.subarray(from, from + count)]];
    const question = repeats ? lastFifth(own, when) : lastNew(own, when);
    if (question && question.cut < count) all.push({ person, ...question });
  });
  const step = Math.max(1, all.length / PEOPLE);
  return Array.from(
    { length: Math.min(PEOPLE, all.length) },
    (_, i) => all[Math.floor(i * step)] as Question,
  );
}

/** What was observed but for what those who are asked about did from their moment on. */
function without(observed: Observed, questions: readonly Question[]): Observed {
  const cuts = new Map(questions.map(({ person, cut }) => [person, cut]));
  const [starts, items, times]: [number[], number[], number[]] = [[0], [], []];
  const dated = observed.dated.map((count, person) => count - (cuts.get(person) ?? 0));
  observed.dated.forEach((_, person) => {
    const end = observed.starts[person + 1] as number;
    for (let at = (observed.starts[person] as number) + (cuts.get(person) ?? 0); at < end; at++) {
      items.push(observed.items[at] as number);
      times.push(observed.times[at] as number);
    }
    starts.push(items.length);
  });
  const columns = { starts: Uint32Array.from(starts), items: Uint32Array.from(items) };
  return { ...observed, ...columns, dated, times: Float64Array.from(times) };
}

/** All engagements in time order, and how much of each campaign there was at a moment, which only goes on. */
function timeline({ starts, dated, items, times }: Observed) {
  const order: number[] = [];
  dated.forEach((count, person) => {
    for (let i = 0; i < count; i++) order.push((starts[person] as number) + i);
  });
  order.sort((a, b) => (times[a] as number) - (times[b] as number));
  return (size: number, half_life_ms: number) => {
    const counts = new Float64Array(size);
    let [fed, counted_ms] = [0, 0];
    return (moment_ms: number) => {
      const fade = 0.5 ** ((moment_ms - counted_ms) / half_life_ms);
      for (let i = 0; i < size; i++) counts[i] = (counts[i] as number) * fade;
      for (; fed < order.length && (times[order[fed] as number] as number) < moment_ms; fed++) {
        const at = order[fed] as number;
        const campaign = items[at] as number;
        counts[campaign] =
          (counts[campaign] as number) + 0.5 ** ((moment_ms - (times[at] as number)) / half_life_ms);
      }
      counted_ms = moment_ms;
      return counts.map(strengthOf);
    };
  };
}

/** In the units that the pipeline gives features in. */
function inUnits(values: readonly number[]): Float32Array {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(
    Math.max(0, values.reduce((sum, x) => sum + x * x, 0) / values.length - mean * mean),
  );
  return Float32Array.from(values, (x) => (deviation > 1e-9 * mean && deviation > 0 ? x / deviation : 0));
}

function ask(observed: Observed, repeats: boolean): Asked[] {
  const questions = questionsOf(observed, repeats).sort((a, b) => a.moment_ms - b.moment_ms);
  if (questions.length < LEAST_QUESTIONS) return [];
  const past = without(observed, questions);
  const [together, next, size] = [coEngagement(past), transitions(past), observed.campaigns.length];
  const at = timeline(observed);
  const [popular, trending] = [at(size, HALF_LIFE_DAYS * DAY_MS), at(size, NOW_HALF_LIFE_MS)];
  return questions.map(({ person, moment_ms, truth }) => {
    const latest = distinct(past, person);
    const met = new Set(latest);
    const from = past.starts[person] as number;
    const own = Array.from(
      { length: past.dated[person] as number },
      (_, i) => [past.items[from + i] as number, past.times[from + i] as number] as const,
    );
    const lately = engagedLately(own, moment_ms);
    const values: Record<string, (slot: number) => number> = {
      repeat_engagement: (slot) => lately.get(slot) ?? 0,
    };
    const arrays = {
      popular: popular(moment_ms),
      trending: trending(moment_ms),
      co_engagement: follow(together, latest, TOGETHER),
      next_campaigns: follow(next, latest, NEXT),
    };
    for (const [name, array] of Object.entries(arrays)) values[name] = (slot) => array[slot] as number;
    const slots = Array.from({ length: size }, (_, slot) => slot).filter((slot) => repeats || !met.has(slot));
    const features = Object.entries(values)
      .filter(([name]) => repeats || name !== 'repeat_engagement')
      .map(([name, value]) => [name, inUnits(slots.map(value))] as const);
    return {
      user_id: String(person),
      candidates: slots.map((slot) => observed.campaigns[slot] as string),
      features: Object.fromEntries(features),
      truth: new Set(truth.map((slot) => observed.campaigns[slot] as string)),
    };
  });
}

/**
 * Weights by placement, where the tenant's own past shows others better than the shipped ones: the last steps of some
 * people are asked about as if they had not been seen. For tenants without talk alone: the shipped weights lean on it.
 */
export function rehearse(observed: Observed): Record<string, Weights> {
  const chosen: Record<string, Weights> = {};
  for (const { name, weights, repeats } of placements.values()) {
    const choice = chooseWeights(ask(observed, repeats), weights);
    if (choice.changed) chosen[name] = choice.weights;
  }
  return chosen;
}
