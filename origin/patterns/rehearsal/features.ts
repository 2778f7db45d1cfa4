import type { Asked } from '../../rank/asked.ts';
import { centre } from '../../rank/cluster.ts';
import { engagedLately } from '../../rank/engaged-lately.ts';
import { latestSaid } from '../../rank/latest-said.ts';
import { DAY_MS, HALF_LIFE_DAYS, NOW_HALF_LIFE_MS, strengthOf } from '../../tenant/popularity.ts';
import type { Cells } from '../cells.ts';
import { coEngagement } from '../co-engagement.ts';
import { EVER, follow, NEXT, TOGETHER } from '../follow.ts';
import type { Observed } from '../observed.ts';
import { caredAbout, saidAbout, talkOf } from '../talk.ts';
import { transitions } from '../transitions.ts';
import { before, type Question, type Slice } from './questions.ts';

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

/** What the sources that go by talk say of people: by what others had said before, and they themselves before their question. */
function byTalk(observed: Observed, past: Observed, cells: Cells, { from_ms, questions }: Slice) {
  const { dimension, vectors, speakers, said_ms } = observed;
  const talk = talkOf(past, cells, (message) => (said_ms[message] as number) < from_ms);
  const asked = new Set(questions.map(({ person }) => person));
  const said = Map.groupBy(
    [...speakers.keys()].filter((message) => asked.has(speakers[message] as number)),
    (message) => speakers[message] as number,
  );
  return ({ person, moment_ms }: Question): Record<string, ArrayLike<number>> => {
    const newest = (said.get(person) ?? [])
      .filter((message) => (said_ms[message] as number) < moment_ms)
      .sort((a, b) => (said_ms[b] as number) - (said_ms[a] as number));
    const vector = centre(
      latestSaid(newest.map((at) => vectors.subarray(at * dimension, (at + 1) * dimension))),
    );
    const found = (search: typeof caredAbout) => (vector ? search(talk, vector) : []);
    return { like_minded: found(caredAbout), talked_about: found(saidAbout) };
  };
}

/** A question as the ranker would have seen it, and what the person knew. */
export type Rehearsal = Asked & { known: ReadonlySet<string> };

/**
 * The questions as the ranker would have seen them, slice by slice: what each source says that asks no store. What is learnt is
 * learnt of what was before the slice, whoever did it. What is said counts where there are cells of it.
 */
export function asRanked(
  observed: Observed,
  { slices, cells, repeats }: { slices: readonly Slice[]; cells: Cells | null; repeats: boolean },
): Rehearsal[] {
  const [size, at] = [observed.campaigns.length, timeline(observed)];
  const [popular, trending] = [at(size, HALF_LIFE_DAYS * DAY_MS), at(size, NOW_HALF_LIFE_MS)];
  return slices.flatMap((slice) => {
    const past = before(observed, slice.from_ms);
    const [together, next] = [coEngagement(past), transitions(past)];
    const talk = cells && byTalk(observed, past, cells, slice);
    return slice.questions.map((question) => {
      const { person, cut, moment_ms, truth } = question;
      const from = (observed.starts[person] as number) + cut;
      const latest = [...new Set(observed.items.subarray(from, observed.starts[person + 1]))];
      const found: Record<string, ArrayLike<number>> = {
        popular: popular(moment_ms),
        trending: trending(moment_ms),
        co_engagement: follow(together, latest, TOGETHER),
        lasting_taste: follow(together, latest, EVER),
        next_campaigns: follow(next, latest, NEXT),
        ...talk?.(question),
      };
      if (repeats) {
        const own = Array.from(
          { length: (observed.dated[person] as number) - cut },
          (_, i) => [observed.items[from + i] as number, observed.times[from + i] as number] as const,
        );
        const lately = engagedLately(own, moment_ms);
        found['repeat_engagement'] = Array.from({ length: size }, (_, slot) => lately.get(slot) ?? 0);
      }
      const idOf = (slot: number) => observed.campaigns[slot] as string;
      const known = new Set(latest.map(idOf));
      const slots = [...observed.campaigns.keys()].filter((slot) => repeats || !known.has(idOf(slot)));
      const features = Object.entries(found).map(
        ([name, values]) => [name, inUnits(slots.map((slot) => Math.max(0, values[slot] ?? 0)))] as const,
      );
      return {
        user_id: String(person),
        known,
        candidates: slots.map(idOf),
        features: Object.fromEntries(features),
        truth: new Set(truth.map(idOf)),
      };
    });
  });
}
