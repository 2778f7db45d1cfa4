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

/** How popular each campaign is in a locale (null: everywhere), decayed by age, always above 0. */
export type Popularity = (campaign_id: string, locale: string | null) => number;

export const nothingPopular: Popularity = () => PRIOR;

/** The popularity at a moment, from daily counts; in a locale without any counts it is that of everywhere. */
export function popularityOf(counts: readonly DailyCount[], as_of_ms: number): Popularity {
  const everywhere = new Map<string, number>();
  const byLocale = new Map<string, Map<string, number>>();
  const add = (map: Map<string, number>, key: string, value: number) =>
    map.set(key, (map.get(key) ?? 0) + value);
  for (const { campaign_id, day, type, locale, count } of counts) {
    const worth = WORTH[type];
    if (worth === 0) continue;
    const age_days = Math.max(0, (as_of_ms - Date.parse(day)) / DAY_MS);
    const value = count * worth * 0.5 ** (age_days / HALF_LIFE_DAYS);
    add(everywhere, campaign_id, value);
    if (locale === null) continue;
    const map = byLocale.get(locale) ?? new Map<string, number>();
    byLocale.set(locale, map);
    add(map, campaign_id, value);
  }
  return (campaign_id, locale) => {
    const map = (locale === null ? undefined : byLocale.get(locale)) ?? everywhere;
    return PRIOR + Math.max(0, map.get(campaign_id) ?? 0);
  };
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
