import type { Hydrator, Known } from '../pipeline/stages.ts';
import type { Tenants, UnderEpoch } from '../tenant/tenants.ts';
import type { Aging } from './aging.ts';

const known = ({ campaigns: catalogue, version }: UnderEpoch): Partial<Known> => ({ catalogue, version });

/** The catalogue and the embedding version: from memory while the tenant's epoch holds; as last read, where they cannot be read. */
export function catalogueHydrator(tenants: Tenants, told: Aging): Hydrator {
  return {
    dependency: 'catalogue',
    async hydrate({ tenant_id, tenant_epoch }, signal) {
      return known(await tenants.underEpoch(tenant_id, tenant_epoch, signal));
    },
    nextBest({ tenant_id }) {
      const last = tenants.lastUnderEpoch(tenant_id);
      if (!last) return {};
      told('catalogue', last.age_ms);
      return known(last.value);
    },
  };
}
