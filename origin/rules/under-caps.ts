import type { FrequencyCap } from '#contract/placement.ts';
import type { Query, Ranked } from '../pipeline/stages.ts';

const DAY_MS = 24 * 3600_000;
const WINDOW_MS: Record<FrequencyCap['within'], number> = { day: DAY_MS, week: 7 * DAY_MS };

/** How often each campaign was shown since a moment. */
function shownSince(impressions: Query['impressions'], since_ms: number): Map<string, number> {
  const since = new Date(since_ms).toISOString();
  const shown = new Map<string, number>();
  for (const { campaign_id, occurred_at } of impressions) {
    if (occurred_at > since) shown.set(campaign_id, (shown.get(campaign_id) ?? 0) + 1);
  }
  return shown;
}

/** Those whose caps the person has not reached. Windows end now, by the wall clock, and move with it. */
export function underCaps(
  ranked: readonly Ranked[],
  { placement: { frequency_caps }, impressions, now_ms }: Query,
): readonly Ranked[] {
  if (frequency_caps.length === 0 || impressions.length === 0) return ranked;
  const reached = new Set<string>();
  for (const within of ['day', 'week'] as const) {
    const caps = frequency_caps.filter((cap) => cap.within === within);
    if (caps.length === 0) continue;
    for (const [shown, count] of shownSince(impressions, now_ms - WINDOW_MS[within])) {
      const about = caps.filter(({ campaign_id }) => campaign_id === null || campaign_id === shown);
      if (about.some((cap) => count >= cap.impressions)) reached.add(shown);
    }
  }
  return reached.size === 0 ? ranked : ranked.filter(({ campaign_id }) => !reached.has(campaign_id));
}
