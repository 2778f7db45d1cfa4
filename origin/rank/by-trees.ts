import { sigmoid } from '../learning/logistic.ts';
import type { Candidate, Ranked, Ranker } from '../pipeline/stages.ts';
import { boostOf } from './boost.ts';
import { givenBy, marginsOf, type Trees } from './trees.ts';

function rowsOf(candidates: readonly Candidate[], { sources }: Trees): Float64Array {
  const rows = new Float64Array(candidates.length * sources.length);
  const at = new Map(sources.map((source, j) => [source, j]));
  candidates.forEach(({ features }, i) => {
    for (const [source, value] of features) {
      const j = at.get(source);
      if (j !== undefined) rows[i * sources.length + j] = value;
    }
  });
  return rows;
}

/** Reasons are asked of the few that are answered, so they are told when they are asked for. */
function reasonsOf(trees: Trees, row: Float64Array): Ranked['contributions'] {
  const given = givenBy(trees, row);
  return trees.sources
    .map((source, j) => ({ source, weight: given[j] as number }))
    .filter(({ weight }, j) => weight > 0 && (row[j] as number) > 0);
}

/** The chance that trees give each candidate, times the boosts of the campaign and of its tags. */
export function byTrees(trees: Trees): Ranker {
  const width = trees.sources.length;
  return (candidates, { placement: { boosts } }) => {
    const rows = rowsOf(candidates, trees);
    const margins = marginsOf(trees, rows);
    return candidates
      .map(({ campaign, features }, i) => ({
        campaign_id: campaign.campaign_id,
        score: sigmoid(margins[i] as number) * boostOf(campaign, boosts),
        features,
        get contributions() {
          return reasonsOf(trees, rows.subarray(i * width, (i + 1) * width));
        },
        promoted: features.has('promoted'),
      }))
      .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
  };
}
