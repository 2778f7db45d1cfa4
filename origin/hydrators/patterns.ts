import type { PatternsHeld } from '../patterns/held.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/**
 * What was learnt of what the tenant's people do alike: from memory, but for the first time. The weights that its past
 * shows better than those of a shipped placement come with it, and whether its people turn to anything twice; a tenant's own
 * placement is as it says.
 */
export function patternsHydrator(patterns: PatternsHeld): Hydrator {
  return {
    dependency: 'patterns',
    async hydrate({ tenant_id, version, placement, weights }) {
      if (!version) return {};
      const learnt = await patterns.get(tenant_id, version);
      if (placement.from !== 'edgewise') return { patterns: learnt };
      return {
        patterns: learnt,
        weights: learnt.weights[placement.name] ?? weights,
        placement: learnt.never_again.includes(placement.name) ? { ...placement, repeats: false } : placement,
      };
    },
  };
}
