/** So many requests in so many seconds. Cloudflare counts in periods of 10 or 60 s. */
type Limit = { binding: string; limit: number; period_s: 10 | 60 };

/**
 * What may be asked, before anything is known of who asks, and by tiers of tenants. wrangler.toml has the same numbers,
 * since a binding does not tell its own; a test holds them together.
 */
export const ADDRESS = { binding: 'LIMIT_ADDRESS', limit: 1_000, period_s: 10 } as const satisfies Limit;

// biome-ignore format: a table is read by its columns
export const TIERS = {
  standard: {
    tenant:  { binding: 'LIMIT_TENANT_STANDARD',  limit: 60_000,  period_s: 60 },
    subject: { binding: 'LIMIT_SUBJECT_STANDARD', limit: 600,     period_s: 60 },
  },
  large: {
    tenant:  { binding: 'LIMIT_TENANT_LARGE',     limit: 600_000, period_s: 60 },
    subject: { binding: 'LIMIT_SUBJECT_LARGE',    limit: 1_200,   period_s: 60 },
  },
} as const satisfies Record<string, Record<'tenant' | 'subject', Limit>>;

export type Tier = keyof typeof TIERS;
export const TIER_NAMES = Object.keys(TIERS) as [Tier, ...Tier[]];

/** The bindings that the Worker counts with. */
export const BINDINGS = [
  ADDRESS.binding,
  ...Object.values(TIERS).flatMap(({ tenant, subject }) => [tenant.binding, subject.binding]),
] as const;
export type LimitBinding = (typeof BINDINGS)[number];
