import type { Asked } from '../../rank/asked.ts';
import { centre } from '../../rank/cluster.ts';
import { engagedLately } from '../../rank/engaged-lately.ts';
import { latestSaid } from '../../rank/latest-said.ts';
import { DAY_MS, HALF_LIFE_DAYS, NOW_HALF_LIFE_MS, strengthOf } from '../../tenant/popularity.ts';
import type { Cells } from '../cells.ts';
import { coEngagement } from '../co-engagement.ts';
import { EVER, follow, NEXT, TOGETHER } from '../follow.ts';
import { distinct, type Observed } from '../observed.ts';
import { caredAbout, saidAbout, talkOf } from '../talk.ts';
import { transitions } from '../transitions.ts';
import { heardBefore, type Question, without } from './questions.ts';

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

/** What the sources that go by talk say of people, by what each had said before their question. */
function byTalk(past: Observed, cells: Cells, questions: readonly Question[]) {
  const { dimension, vectors, speakers, said_ms } = past;
  const heard = heardBefore(past, questions);
  const talk = talkOf(past, cells, heard);
  const asked = new Set(questions.map(({ person }) => person));
  const said = Map.groupBy(
    [...speakers.keys()].filter((message) => heard(message) && asked.has(speakers[message] as number)),
    (message) => speakers[message] as number,
  );
  return (person: number): Record<string, ArrayLike<number>> => {
    const newest = (said.get(person) ?? []).sort((a, b) => (said_ms[b] as number) - (said_ms[a] as number));
    const vector = centre(
      latestSaid(newest.map((at) => vectors.subarray(at * dimension, (at + 1) * dimension))),
    );
    const found = (search: typeof caredAbout) => (vector ? search(talk, vector) : []);
    return { like_minded: found(caredAbout), talked_about: found(saidAbout) };
  };
}

/**
 * The questions as the ranker would have seen them: what each source says that asks no store. What is said counts where there
 * are cells of it.
 */
export function asRanked(
  observed: Observed,
  { questions, cells, repeats }: { questions: readonly Question[]; cells: Cells | null; repeats: boolean },
): Asked[] {
  const past = without(observed, questions);
  const [together, next] = [coEngagement(past), transitions(past)];
  const talk = cells && byTalk(past, cells, questions);
  const [size, at] = [observed.campaigns.length, timeline(observed)];
  const [popular, trending] = [at(size, HALF_LIFE_DAYS * DAY_MS), at(size, NOW_HALF_LIFE_MS)];
  const inTurn = [...questions].sort((a, b) => a.moment_ms - b.moment_ms);
  return inTurn.map(({ person, moment_ms, truth }) => {
    const latest = distinct(past, person);
    const met = new Set(latest);
    const from = past.starts[person] as number;
    const own = Array.from(
      { length: past.dated[person] as number },
      (_, i) => [past.items[from + i] as number, past.times[from + i] as number] as const,
    );
    const found: Record<string, ArrayLike<number>> = {
      popular: popular(moment_ms),
      trending: trending(moment_ms),
      co_engagement: follow(together, latest, TOGETHER),
      lasting_taste: follow(together, latest, EVER),
      next_campaigns: follow(next, latest, NEXT),
      ...talk?.(person),
    };
    if (repeats) {
      const lately = engagedLately(own, moment_ms);
      found['repeat_engagement'] = Array.from({ length: size }, (_, slot) => lately.get(slot) ?? 0);
    }
    const slots = Array.from({ length: size }, (_, slot) => slot).filter((slot) => repeats || !met.has(slot));
    const features = Object.entries(found).map(
      ([name, values]) => [name, inUnits(slots.map((slot) => Math.max(0, values[slot] ?? 0)))] as const,
    );
    return {
      user_id: String(person),
      candidates: slots.map((slot) => observed.campaigns[slot] as string),
      features: Object.fromEntries(features),
      truth: new Set(truth.map((slot) => observed.campaigns[slot] as string)),
    };
  });
}
