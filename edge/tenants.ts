import * as v from 'valibot';
import { TenantId } from '#contract/ids.ts';
import { TIER_NAMES } from './limits/tiers.ts';

/** An origin as a browser sends it (RFC 6454): scheme, host and port alone. */
const Origin = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && new URL(text).origin === text && text !== 'null'),
);

/** What the edge is told of a tenant: how much it may ask, and which web pages may ask for it. */
export const Tenant = v.strictObject({
  tenant: TenantId,
  tier: v.optional(v.picklist(TIER_NAMES), 'standard'),
  origins: v.optional(v.array(Origin), []),
});
export type Tenant = v.InferOutput<typeof Tenant>;

export type Tenants = {
  /** A tenant's settings: the usual ones where none were configured. */
  of(tenant_id: string): Tenant;
  /** True where some tenant's pages have that origin. */
  anyHas(origin: string): boolean;
};

export function tenantsOf(list: readonly Tenant[]): Tenants {
  const byId = new Map(list.map((one) => [one.tenant, one]));
  const origins = new Set(list.flatMap((one) => one.origins));
  return {
    of: (tenant) => byId.get(tenant) ?? { tenant, tier: 'standard', origins: [] },
    anyHas: (origin) => origins.has(origin),
  };
}
