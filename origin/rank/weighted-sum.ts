import type { Ranker } from '../pipeline/stages.ts';

/** The sum of what the sources say, by the placement's weights, times the campaign's boost. */
export const weightedSum: Ranker = {
  model: 'weighted-sum-v2',
  rank(candidates, { weights }) {
    return candidates
      .map(({ campaign, features }) => {
        const contributions = [...features]
          .map(([source, feature]) => ({
            source,
            weight: (weights[source] ?? 0) * feature * campaign.boost,
          }))
          .filter(({ weight }) => weight > 0);
        const score = contributions.reduce((sum, { weight }) => sum + weight, 0);
        return { campaign_id: campaign.campaign_id, score, contributions };
      })
      .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
  },
};
