import type { VersionRow } from '#backing/versioned/port.ts';
import type { ModelContent } from '#contract/model.ts';
import type { Ranking } from '../pipeline/stages.ts';
import type { Placement } from '../placements.ts';
import { byTrees } from './by-trees.ts';
import { treesOf } from './trees.ts';
import { WEIGHTED_SUM, weightedSum } from './weighted-sum.ts';

const NONE: ReadonlySet<string> = new Set();

/** A placement ranked by its weights alone. */
export function byWeights(placement: Placement): Ranking {
  return { placement, model: WEIGHTED_SUM, weights: placement.weights, asks: NONE, ranker: weightedSum };
}

/** A placement ranked by a version of a model; by its weights, where there is none. */
export function rankingOf(placement: Placement, model: VersionRow<ModelContent> | null): Ranking {
  const plain = byWeights(placement);
  if (!model) return plain;
  const { content, name, version } = model;
  const told = `${name}@${version}`;
  if (content.kind === 'weights') return { ...plain, model: told, weights: content.weights };
  return { ...plain, model: told, asks: new Set(content.sources), ranker: byTrees(treesOf(content)) };
}
