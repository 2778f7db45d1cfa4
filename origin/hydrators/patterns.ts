import type { PatternsHeld } from '../patterns/held.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/**
 * What was learnt of what the tenant's people do alike: from memory, but for the first time. The weights that its past
 * shows better than the placement's come with it.
 */
export function patternsHydrator(patterns: PatternsHeld): Hydrator {
  return {
    dependency: 'patterns',
    async hydrate(query) {
      if (!query.version) return;
      query.patterns = await patterns.get(query.tenant_id, query.version);
      const tuned = query.patterns.weights[query.placement.name];
      if (tuned) query.weights = tuned;
    },
  };
}
