import type { Ranker } from '../pipeline/stages.ts';
import { boostOf } from './boost.ts';

/** What answers are told to be ranked by, where a placement names no model. */
export const WEIGHTED_SUM = 'weighted-sum-v2';

/** The sum of what the sources say, by the placement's weights, times the boosts of the campaign and of its tags. */
export const weightedSum: Ranker = (candidates, { weights, placement: { boosts } }) =>
  candidates
    .map(({ campaign, features }) => {
      const boost = boostOf(campaign, boosts);
      const contributions = [...features]
        .map(([source, feature]) => ({
          source,
          weight: (weights[source] ?? 0) * feature * boost,
        }))
        .filter(({ weight }) => weight > 0);
      const score = contributions.reduce((sum, { weight }) => sum + weight, 0);
      const promoted = features.has('promoted');
      return { campaign_id: campaign.campaign_id, score, features, contributions, promoted };
    })
    .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
