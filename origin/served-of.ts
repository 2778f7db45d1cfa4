import type { Recommendations } from '#contract/recommendation.ts';
import type { Served } from '#contract/served.ts';
import type { Candidates, Query, Ranked } from './pipeline/stages.ts';
import { significant } from './significant.ts';

/** So many of the best are kept: who would be ranked below them has no chance to be looked at. */
const KEPT = 20;

const DIGITS = 3;

/** An answer with what it was chosen from, to be learnt from: the best candidates, and those that rules brought in. */
export function servedOf(
  { tenant_id, placement }: Query,
  { features }: Candidates,
  ranked: readonly Ranked[],
  { recommendation_id, user_id, generated_at, model, degraded, items }: Recommendations,
): Omit<Served, 'v'> {
  const answered = items.map(({ campaign_id }) => campaign_id);
  const chosen = new Set(answered);
  const best = ranked.filter(({ campaign_id }, i) => i < KEPT || chosen.has(campaign_id));
  const said = [...features].filter(([, column]) => best.some(({ at }) => column[at] !== 0));
  said.sort(([a], [b]) => (a < b ? -1 : 1));
  const sources = said.map(([source]) => source);
  return {
    ...{ tenant_id, user_id, recommendation_id, generated_at, model, degraded, sources, answered },
    placement: placement.name,
    placement_version: placement.version,
    exploration: placement.exploration,
    explored: items.some(({ reasons }) => reasons[0]?.source === 'exploration'),
    candidates: best.map(({ campaign_id: id, score, at }) => ({
      id,
      score: significant(score, DIGITS),
      said: said.map(([, column]) => significant(column[at] as number, DIGITS)),
    })),
  };
}
