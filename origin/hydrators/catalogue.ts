import type { Hydrator, Known, Query } from '../pipeline/stages.ts';
import type { Tenants, UnderEpoch } from '../tenant/tenants.ts';
import type { Aging } from './aging.ts';

function known({ campaigns, version, placements }: UnderEpoch, { request }: Query): Partial<Known> {
  const shadow = placements.shadow.get(request.placement) ?? null;
  return { catalogue: campaigns, version, shadow, ...placements.live.get(request.placement) };
}

/** The catalogue, the tenant's own placement and the embedding version: from memory while the tenant's epoch holds; as last read, where they cannot be read. */
export function catalogueHydrator(tenants: Tenants, told: Aging): Hydrator {
  return {
    dependency: 'catalogue',
    async hydrate(query, signal) {
      return known(await tenants.underEpoch(query.tenant_id, query.tenant_epoch, signal), query);
    },
    needed: ({ tenant_id }) => tenants.lastUnderEpoch(tenant_id) === null,
    nextBest(query) {
      const last = tenants.lastUnderEpoch(query.tenant_id);
      if (!last) return {};
      told('catalogue', last.age_ms);
      return known(last.value, query);
    },
  };
}
