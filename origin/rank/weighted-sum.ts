import type { Ranker } from '../pipeline/stages.ts';

/** What answers are told to be ranked by, where a placement names no model. */
export const WEIGHTED_SUM = 'weighted-sum-v2';

/** The sum of what the sources say, by the placement's weights. What weighs below nothing counts for nothing. */
export const weightedSum: Ranker = {
  scores({ campaigns, features }, weights) {
    const scores = new Float64Array(campaigns.length);
    for (const [source, column] of features) {
      const weight = weights[source] ?? 0;
      if (weight <= 0) continue;
      for (let i = 0; i < scores.length; i++)
        scores[i] = (scores[i] as number) + weight * (column[i] as number);
    }
    return scores;
  },
  contributions({ features }, at, weights) {
    return [...features]
      .map(([source, column]) => ({ source, weight: (weights[source] ?? 0) * (column[at] as number) }))
      .filter(({ weight }) => weight > 0);
  },
};
