import type { Vectors } from '#backing/vectors/port.ts';
import type { Source } from '../pipeline/stages.ts';
import { near } from './near.ts';

/** Campaigns whose text is like what the person talks about. */
export function nearestCampaigns(vectors: Pick<Vectors, 'nearestCampaigns'>): Source {
  return {
    name: 'nearest_campaigns',
    dependency: 'vectors',
    find: (query, signal) => near(vectors, query.interests, query, signal),
  };
}
