/** A question of the past as the ranker saw it: its candidates, their features source by source, and what came true. */
export type Asked = {
  user_id: string;
  candidates: readonly string[];
  /** For each source the feature of each candidate. */
  features: Readonly<Record<string, Float32Array>>;
  truth: ReadonlySet<string>;
};

const TOP = 10;
const gain = (rank: number) => 1 / Math.log2(rank + 2);
const ideal = Array.from({ length: TOP + 1 }, (_, hits) =>
  Array.from({ length: hits }, (_, rank) => gain(rank)).reduce((sum, x) => sum + x, 0),
);

type Weights = Readonly<Record<string, number>>;

/** What each candidate scores by the weights. */
export function scoresOf({ candidates, features }: Asked, weights: Weights): Float64Array {
  const scores = new Float64Array(candidates.length);
  for (const [source, weight] of Object.entries(weights)) {
    const feature = features[source];
    if (weight === 0 || !feature) continue;
    for (let i = 0; i < scores.length; i++)
      scores[i] = (scores[i] as number) + weight * (feature[i] as number);
  }
  return scores;
}

/**
 * The question as if only some sources had been asked: what none of them says anything of is no candidate. Their features stay
 * in units of all candidates.
 */
export function raisedBy(asked: Asked, sources: readonly string[]): Asked {
  const features = sources.flatMap((source) => {
    const feature = asked.features[source];
    return feature ? [[source, feature] as const] : [];
  });
  const kept = [...asked.candidates.keys()].filter((i) => features.some(([, feature]) => feature[i] !== 0));
  return {
    ...asked,
    candidates: kept.map((i) => asked.candidates[i] as string),
    features: Object.fromEntries(
      features.map(([source, feature]) => [source, Float32Array.from(kept, (i) => feature[i] as number)]),
    ),
  };
}

/** NDCG@10, binary gain, of the candidates as the weights would rank them. */
export const ndcg = (asked: Asked, weights: Weights): number => ndcgBy(asked, scoresOf(asked, weights));

/** The same, by what each candidate scores. */
export function ndcgBy({ candidates, truth }: Asked, scores: Float64Array): number {
  let sum = 0;
  candidates.forEach((campaign_id, right) => {
    if (!truth.has(campaign_id)) return;
    const score = scores[right] as number;
    let rank = 0;
    for (let i = 0; i < scores.length && rank < TOP; i++) {
      const other = scores[i] as number;
      if (other > score || (other === score && (candidates[i] as string) < campaign_id)) rank++;
    }
    if (rank < TOP) sum += gain(rank);
  });
  return sum / (ideal[Math.min(TOP, truth.size)] as number);
}
