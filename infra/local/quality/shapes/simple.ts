import type { Event } from '#contract/event.ts';
import { isEngagement } from '#contract/event.ts';
import { ease } from '../../../../origin/patterns/ease.ts';
import type { Question } from '../past-question.ts';
import { relearningOf } from './relearning.ts';

/** Lists by user, best first. */
export type Lists = ReadonlyMap<string, readonly string[]>;

const DAY_MS = 24 * 3600_000;
const TOP = 10;
/** Beyond so many campaigns the inverse takes too long for a comparison. */
const MOST_FOR_EASE = 1200;
const [RIDGE, SHRINKAGE] = [50, 10];
const OWN_HALF_LIFE = 6;
const WEEK_DAYS = 7;
const FADE = 0.7;

type Seen = { user: number; campaign: number; at_ms: number };

/** Z-scores; all zero where all are alike. */
function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (deviation > 1e-12 ? (x - mean) / deviation : 0));
}

/**
 * What well-known simple recommenders answer, each asked just before each question's moment: popularity, what was popular
 * within the week, own recent engagement, the cosine of people, EASE (up to 1,200 campaigns), what came next most often, and
 * the plain sum of their z-scores; ties by popularity. Where repeats are welcome, each also with new campaigns alone.
 */
export function simpleLists(
  { campaigns, events }: { campaigns: readonly { campaign_id: string }[]; events: readonly Event[] },
  questions: readonly Question[],
  repeats: boolean,
): ReadonlyMap<string, Lists> {
  const slots = new Map(campaigns.map(({ campaign_id }, slot) => [campaign_id, slot]));
  const size = campaigns.length;
  const relearning = relearningOf(size);
  const users = new Map<string, number>();
  const userOf = (id: string) => {
    const user = users.get(id) ?? users.size;
    users.set(id, user);
    return user;
  };
  const seen: Seen[] = events
    .flatMap((event) => {
      if (!isEngagement(event)) return [];
      const campaign = slots.get(event.campaign_id);
      if (campaign === undefined) return [];
      return [{ user: userOf(event.user_id), campaign, at_ms: Date.parse(event.occurred_at) }];
    })
    .sort((a, b) => a.at_ms - b.at_ms);
  const own = new Map<number, number[]>();
  const popularity = new Float64Array(size);
  const week = new Float64Array(size);
  let week_ms = 0;
  const next = Array.from({ length: size }, () => new Map<number, number>());
  let [pairs, weights, pairsAt, fed]: [Map<number, number>[], Float64Array | null, number, number] = [
    [],
    null,
    0,
    0,
  ];
  const lists = new Map<string, Map<string, string[]>>();

  function feed({ user, campaign, at_ms }: Seen): void {
    const before = own.get(user) ?? [];
    let weight = 1;
    for (const one of [...new Set([...before].reverse())].slice(0, 8)) {
      if (one !== campaign) next[one]?.set(campaign, (next[one]?.get(campaign) ?? 0) + weight);
      weight *= FADE;
    }
    own.set(user, [...before, campaign]);
    popularity[campaign] = (popularity[campaign] as number) + 1;
    const fade = 0.5 ** ((at_ms - week_ms) / (WEEK_DAYS * DAY_MS));
    for (let i = 0; i < size; i++) week[i] = (week[i] as number) * fade;
    week[campaign] = (week[campaign] as number) + 1;
    week_ms = at_ms;
  }

  function learnPairs(): void {
    const counts = new Float64Array(size);
    pairs = Array.from({ length: size }, () => new Map());
    const gram = size <= MOST_FOR_EASE ? new Float64Array(size * size) : null;
    for (const all of own.values()) {
      const distinct = [...new Set(all)];
      for (const a of distinct) {
        counts[a] = (counts[a] as number) + 1;
        for (const b of distinct) {
          if (gram) gram[a * size + b] = (gram[a * size + b] as number) + 1;
          if (a !== b) pairs[a]?.set(b, (pairs[a]?.get(b) ?? 0) + 1);
        }
      }
    }
    pairs.forEach((row, a) => {
      for (const [b, shared] of row)
        row.set(
          b,
          shared / Math.sqrt(((counts[a] as number) + SHRINKAGE) * ((counts[b] as number) + SHRINKAGE)),
        );
    });
    weights = gram && ease(gram, size, RIDGE);
  }

  const byMoment = [...questions].sort((a, b) => (a.moment < b.moment ? -1 : 1));
  for (const { user_id, moment } of byMoment) {
    while (fed < seen.length && (seen[fed] as Seen).at_ms < Date.parse(moment)) feed(seen[fed++] as Seen);
    if (fed >= pairsAt) {
      learnPairs();
      pairsAt = Math.max(fed + relearning.fewest_new, fed * relearning.growth);
    }
    const mine = own.get(userOf(user_id)) ?? [];
    const distinct = [...new Set([...mine].reverse())];
    const scores: Record<string, Float64Array> = {
      popularity: popularity.map((x) => Math.log1p(x)),
      'popular of the week': week.map((x) => Math.log1p(x)),
    };
    const filled = (name: string, fill: (into: Float64Array) => void) => {
      const into = new Float64Array(size);
      fill(into);
      scores[name] = into;
    };
    filled('cosine of people', (into) => {
      for (const one of distinct)
        for (const [other, weight] of pairs[one] ?? []) into[other] = (into[other] as number) + weight;
    });
    filled('what came next', (into) => {
      distinct.slice(0, 4).forEach((one, i) => {
        const row = next[one] ?? new Map<number, number>();
        const all = [...row.values()].reduce((sum, x) => sum + x, 0) + SHRINKAGE;
        for (const [other, count] of row) into[other] = (into[other] as number) + (FADE ** i * count) / all;
      });
    });
    if (weights) {
      const learnt = weights;
      filled('EASE', (into) => {
        for (const one of distinct)
          for (let i = 0; i < size; i++) into[i] = (into[i] as number) + (learnt[one * size + i] as number);
      });
    }
    if (repeats) {
      filled('own recent engagement', (into) => {
        [...mine].reverse().forEach((one, i) => {
          into[one] = (into[one] as number) + 0.5 ** (i / OWN_HALF_LIFE);
        });
      });
    }
    filled('plain sum', (into) => {
      for (const part of Object.values(scores))
        standardised(part).forEach((x, i) => {
          into[i] = (into[i] as number) + x;
        });
    });
    const known = new Set(mine);
    const best = (values: Float64Array, allowed: (slot: number) => boolean) =>
      [...values.keys()]
        .filter(allowed)
        .sort(
          (a, b) =>
            (values[b] as number) - (values[a] as number) ||
            (popularity[b] as number) - (popularity[a] as number) ||
            a - b,
        )
        .slice(0, TOP)
        .map((slot) => (campaigns[slot] as { campaign_id: string }).campaign_id);
    for (const [name, values] of Object.entries(scores)) {
      const put = (called: string, list: string[]) => {
        const all = lists.get(called) ?? new Map<string, string[]>();
        lists.set(called, all.set(user_id, list));
      };
      const fresh = best(values, (slot) => !known.has(slot));
      put(name, repeats ? best(values, () => true) : fresh);
      if (repeats && name !== 'own recent engagement') put(`${name}, new alone`, fresh);
    }
  }
  return lists;
}
