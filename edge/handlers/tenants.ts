import { withCommon } from '../respond.ts';
import type { Tenants } from '../tenants.ts';
import type { Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

/** What the edge was told of the tenants that a key administers, which is its own. */
export function tenantList(tenants: Tenants): Handler {
  return async ({ caller, query }) => {
    refuseQuery(query);
    const { tenant: tenant_id, tier, origins } = tenants.of(caller.tenant_id);
    const body = { tenants: [{ tenant_id, tier, origins }] };
    return withCommon(Response.json(body, { headers: { 'Cache-Control': 'no-store' } }));
  };
}
