import type { DailyCount } from '#backing/counters/port.ts';

/** How often each campaign was met at all within what is read, and how often it was shown on a day. */
export type Met = { met: ReadonlyMap<string, number>; shown_today: ReadonlyMap<string, number> };

export const nothingMet: Met = { met: new Map(), shown_today: new Map() };

/**
 * From daily counts, and what was met `before` them; impressions of the day that `today` (UTC, `2026-11-01`) names are
 * those shown.
 */
export function metOf(counts: readonly DailyCount[], today: string, before: Met['met'] = new Map()): Met {
  const [met, shown_today] = [new Map(before), new Map<string, number>()];
  for (const { campaign_id, day, type, count } of counts) {
    met.set(campaign_id, (met.get(campaign_id) ?? 0) + count);
    if (type === 'impression' && day === today)
      shown_today.set(campaign_id, (shown_today.get(campaign_id) ?? 0) + count);
  }
  return { met, shown_today };
}
