import type { Candidate, Ranked, Ranker } from '../pipeline/stages.ts';
import { boostOf } from './boost.ts';

/** What answers are told to be ranked by, where a placement names no model. */
export const WEIGHTED_SUM = 'weighted-sum-v2';

type Features = Candidate['features'];
type Weights = Readonly<Record<string, number>>;

function scoreOf(features: Features, weights: Weights, boost: number): number {
  let score = 0;
  for (const [source, feature] of features) score += Math.max(0, (weights[source] ?? 0) * feature * boost);
  return score;
}

function contributionsOf(features: Features, weights: Weights, boost: number): Ranked['contributions'] {
  return [...features]
    .map(([source, feature]) => ({ source, weight: (weights[source] ?? 0) * feature * boost }))
    .filter(({ weight }) => weight > 0);
}

/** The sum of what the sources say, by the placement's weights, times the boosts of the campaign and of its tags. */
export const weightedSum: Ranker = (candidates, { weights, placement: { boosts } }) =>
  candidates
    .map(({ campaign, features }) => {
      const boost = boostOf(campaign, boosts);
      return {
        campaign_id: campaign.campaign_id,
        score: scoreOf(features, weights, boost),
        features,
        // Of the many that are ranked, few are shown with what raised them.
        get contributions() {
          return contributionsOf(features, weights, boost);
        },
        promoted: features.has('promoted'),
      };
    })
    .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
