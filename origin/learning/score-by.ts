import type { ModelContent } from '#contract/model.ts';
import { marginsOf, treesOf } from '../rank/trees.ts';
import type { Score } from './off-policy.ts';

/** Scores candidates as a model would, but for boosts and rules. */
export function scoreBy(content: ModelContent): Score {
  if (content.kind === 'weights') {
    const { weights } = content;
    return ({ features }) =>
      Object.entries(features).reduce((sum, [source, value]) => sum + (weights[source] ?? 0) * value, 0);
  }
  const [trees, { sources }] = [treesOf(content), content];
  return ({ features }) =>
    marginsOf(
      trees,
      Float64Array.from(sources, (source) => features[source] ?? 0),
    )[0] as number;
}
