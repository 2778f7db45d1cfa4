import type { Candidates, Ranked, Ranking } from '../pipeline/stages.ts';
import { boostOf } from './boost.ts';

/** The candidates by their scores times the boosts of their campaigns and tags, best first; ties by id. */
export function bestFirst(
  candidates: Candidates,
  { ranker, weights, placement: { boosts } }: Ranking,
): Ranked[] {
  const scores = ranker.scores(candidates, weights);
  const promoted = candidates.features.get('promoted');
  return candidates.campaigns
    .map((campaign, at) => ({
      campaign_id: campaign.campaign_id,
      score: (scores[at] as number) * boostOf(campaign, boosts),
      at,
      promoted: promoted !== undefined && promoted[at] !== 0,
      rule: null,
    }))
    .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
}
