import { sigmoid } from '../learning/logistic.ts';
import type { Candidates, Ranker } from '../pipeline/stages.ts';
import { givenBy, marginsOf, type Trees } from './trees.ts';

/** The features that trees ask about, as rows one after another. */
function rowsOf({ campaigns, features }: Candidates, { sources }: Trees): Float64Array {
  const width = sources.length;
  const rows = new Float64Array(campaigns.length * width);
  sources.forEach((source, j) => {
    features.get(source)?.forEach((feature, i) => {
      rows[i * width + j] = feature;
    });
  });
  return rows;
}

/** The chance that trees give each candidate. */
export function byTrees(trees: Trees): Ranker {
  const { sources } = trees;
  return {
    scores: (candidates) => marginsOf(trees, rowsOf(candidates, trees)).map(sigmoid),
    contributions({ features }, at) {
      const row = Float64Array.from(sources, (source) => features.get(source)?.[at] ?? 0);
      const given = givenBy(trees, row);
      return sources
        .map((source, j) => ({ source, weight: given[j] as number }))
        .filter(({ weight }, j) => weight > 0 && (row[j] as number) > 0);
    },
  };
}
