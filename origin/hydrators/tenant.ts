import type { Hydrator } from '../pipeline/stages.ts';
import type { Tenants } from '../tenant/tenants.ts';

/** The catalogue, the embedding version, the tenant's clock and what is popular: from memory, but for the first time. */
export function tenantHydrator(tenants: Tenants): Hydrator {
  return {
    dependency: 'catalogue',
    async hydrate(query) {
      const { campaigns, version, as_of_ms, popularity, trend, outdated } = await tenants.get(
        query.tenant_id,
        query.tenant_epoch,
      );
      Object.assign(query, { catalogue: campaigns, version, as_of_ms, popularity, trend });
      for (const name of outdated) query.degraded.add(name);
    },
  };
}
