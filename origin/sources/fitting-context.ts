import type { Vectors } from '#backing/vectors/port.ts';
import type { Source } from '../pipeline/stages.ts';
import { near } from './near.ts';

/** Campaigns whose text is like what is being said now. */
export function fittingContext(vectors: Pick<Vectors, 'nearestCampaigns'>): Source {
  return {
    name: 'fitting_context',
    dependency: 'vectors',
    find: (query, signal) =>
      near(vectors, query.context ? [{ vector: query.context, share: 1 }] : [], query, signal),
  };
}
