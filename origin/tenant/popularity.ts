import type { DailyCount, TenMinuteCount } from '#backing/counters/port.ts';
import type { EventType } from '#contract/event.ts';

export const DAY_MS = 24 * 3600_000;

/** After so many days an engagement counts half. */
export const HALF_LIFE_DAYS = 90;
/** What is older than this counts under a hundredth, and is not read. */
export const WINDOW_DAYS = 7 * HALF_LIFE_DAYS;
/** Differences below this say little. */
const FEW = 0.3;

/** How much a count speaks for a campaign: the logarithm, since what is met twice as often is not twice as fitting. */
export const strengthOf = (count: number) => Math.log1p(Math.max(0, count) / FEW);

/** What every campaign has before anybody met it, so that a new one can be met at all. */
const PRIOR = 0.1;

/** What an event says of how much a campaign is wanted. */
const WORTH: Record<EventType, number> = {
  message: 1,
  click: 1,
  conversion: 2,
  impression: 0,
  dismissal: -1,
};

/** After so many minutes an engagement counts half in what goes on just now. */
export const NOW_HALF_LIFE_MS = 30 * 60_000;
/** Older ones would count under a thousandth. */
export const NOW_WINDOW_MS = 10 * NOW_HALF_LIFE_MS;
const TEN_MS = 600_000;

/** How popular each campaign is, decayed by age, always above 0. */
export type PopularityThere = (campaign_id: string) => number;

/** That in a locale (null: everywhere). Of all locales without any counts it is one and the same: that of everywhere. */
export type Popularity = (locale: string | null) => PopularityThere;

const nothingThere: PopularityThere = () => PRIOR;
export const nothingPopular: Popularity = () => nothingThere;

/** What is left of an engagement after so long. */
const fade = (age_ms: number) => 0.5 ** (Math.max(0, age_ms) / DAY_MS / HALF_LIFE_DAYS);

/** What counts come to at a moment: for each locale (null: everywhere) and campaign. */
export type Decayed = { as_of_ms: number; sums: ReadonlyMap<string | null, ReadonlyMap<string, number>> };

/** Daily counts as they are worth at a moment, decayed by their age; what lies ahead counts as now. */
export function decayed(counts: readonly DailyCount[], as_of_ms: number): Decayed {
  const sums = new Map<string | null, Map<string, number>>([[null, new Map()]]);
  const leftOf = new Map<string, number>();
  for (const { campaign_id, day, type, locale, count } of counts) {
    const worth = WORTH[type];
    if (worth === 0) continue;
    const left = leftOf.get(day) ?? fade(as_of_ms - Date.parse(day));
    leftOf.set(day, left);
    for (const where of locale === null ? [null] : [null, locale]) {
      const sum = sums.get(where) ?? new Map<string, number>();
      sums.set(where, sum);
      sum.set(campaign_id, (sum.get(campaign_id) ?? 0) + count * worth * left);
    }
  }
  return { as_of_ms, sums };
}

/** The popularity at a moment, from counts that were decayed at it or before. */
export function popularityOf(parts: readonly Decayed[], as_of_ms: number): Popularity {
  const shares = parts.map((part) => ({ ...part, left: fade(as_of_ms - part.as_of_ms) }));
  const there = (where: string | null): PopularityThere => {
    const own = shares.map(({ sums, left }) => ({ sum: sums.get(where), left }));
    return (campaign_id) => {
      let all = 0;
      for (const { sum, left } of own) all += left * (sum?.get(campaign_id) ?? 0);
      return PRIOR + Math.max(0, all);
    };
  };
  const everywhere = there(null);
  const byLocale = new Map(
    parts.flatMap(({ sums }) => [...sums.keys()]).map((where) => [where, there(where)]),
  );
  return (locale) => (locale === null ? everywhere : (byLocale.get(locale) ?? everywhere));
}

/** How strongly each campaign that goes on just now does: by how often it was met, decayed within hours. */
export function trendOf(counts: readonly TenMinuteCount[], as_of_ms: number): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const { campaign_id, ten, type, count } of counts) {
    const middle_ms = Date.parse(`${ten}0Z`) + TEN_MS / 2;
    const value = count * WORTH[type] * 0.5 ** (Math.max(0, as_of_ms - middle_ms) / NOW_HALF_LIFE_MS);
    counted.set(campaign_id, (counted.get(campaign_id) ?? 0) + value);
  }
  const trend = new Map<string, number>();
  for (const [campaign_id, value] of counted) if (value > 0) trend.set(campaign_id, strengthOf(value));
  return trend;
}
