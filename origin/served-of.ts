import type { Recommendations } from '#contract/recommendation.ts';
import type { Served } from '#contract/served.ts';
import type { Query, Ranked } from './pipeline/stages.ts';
import { significant } from './significant.ts';

/** So many of the best are kept: who would be ranked below them has no chance to be looked at. */
const KEPT = 20;

const round = (x: number) => significant(x, 3);

/** An answer with what it was chosen from, to be learnt from: the best candidates, and those that rules brought in. */
export function servedOf(
  { tenant_id, placement }: Query,
  ranked: readonly Ranked[],
  { recommendation_id, user_id, generated_at, model, degraded, items }: Recommendations,
): Omit<Served, 'v'> {
  const answered = items.map(({ campaign_id }) => campaign_id);
  const chosen = new Set(answered);
  const best = ranked.filter(({ campaign_id }, i) => i < KEPT || chosen.has(campaign_id));
  const sources = [...new Set(best.flatMap(({ features }) => [...features.keys()]))].sort();
  return {
    ...{ tenant_id, user_id, recommendation_id, generated_at, model, degraded, sources, answered },
    placement: placement.name,
    placement_version: placement.version,
    exploration: placement.exploration,
    explored: items.some(({ reasons }) => reasons[0]?.source === 'exploration'),
    candidates: best.map(({ campaign_id: id, score, features }) => ({
      id,
      score: round(score),
      said: sources.map((source) => round(features.get(source) ?? 0)),
    })),
  };
}
