import type { Hydrator } from '../pipeline/stages.ts';
import type { Tenants } from '../tenant/tenants.ts';
import type { Aging } from './aging.ts';

/** The tenant's clock, what is popular, and what goes on: from memory, read again behind; as last read, where they cannot be read. */
export function countsHydrator(tenants: Tenants, told: Aging): Hydrator {
  return {
    dependency: 'counters',
    hydrate: ({ tenant_id }, signal) => tenants.counts(tenant_id, signal),
    nextBest({ tenant_id }) {
      const last = tenants.lastCounts(tenant_id);
      if (!last) return {};
      told('counters', last.age_ms);
      return last.value;
    },
  };
}
