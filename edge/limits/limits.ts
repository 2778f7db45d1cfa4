import type { Caller } from '#contract/caller.ts';
import { composite } from '#contract/ids.ts';
import { Problem } from '#contract/problem.ts';
import { type Log, traceOf } from '../log.ts';
import type { Tenants } from '../tenants.ts';
import { networkOf } from './network.ts';
import { ADDRESS, type LimitBinding, TIERS, type Tier } from './tiers.ts';

/** A rate-limit binding of Cloudflare's. */
export type Limiter = { limit(options: { key: string }): Promise<{ success: boolean }> };
export type Limiters = Readonly<Partial<Record<LimitBinding, Limiter>>>;

/** Null where nothing is bound that counts. */
export type Limits = {
  /** Counts a request by the address it comes from. Throws `too-many-requests`. */
  address(headers: Headers): Promise<void> | null;
  /** Counts a request of a tenant and, where a person asks, of that person. Throws `too-many-requests`. */
  caller(caller: Caller): Promise<void> | null;
  /** `RateLimit-Policy` for the requests of a tenant. */
  policyOf(tenant_id: string): string;
};

type Limit = { binding: LimitBinding; limit: number; period_s: number };

const policy = (name: string, { limit, period_s }: Limit) => `"${name}";q=${limit};w=${period_s}`;

const POLICIES = Object.fromEntries(
  Object.entries(TIERS).map(([tier, { tenant, subject }]) => [
    tier,
    `${policy('address', ADDRESS)}, ${policy('tenant', tenant)}, ${policy('subject', subject)}`,
  ]),
) as Record<Tier, string>;

const WHOSE = { address: 'this address', tenant: 'this tenant', subject: 'this person' } as const;

/**
 * Bounds how much is asked. What cannot be counted is let through, and told to the log: a limit guards the service, so its
 * failure must not be one.
 */
export function requestLimits({
  limiters,
  tenants,
  log,
}: {
  limiters: Limiters;
  tenants: Tenants;
  log: Log;
}): Limits {
  const none = Object.values(limiters).every((limiter) => limiter === undefined);

  async function count(name: keyof typeof WHOSE, limit: Limit, key: string): Promise<void> {
    const limiter = limiters[limit.binding];
    if (!limiter) return;
    let success = true;
    try {
      ({ success } = await limiter.limit({ key }));
    } catch (error) {
      log({ level: 'warn', event: 'uncounted', limit: name, ...traceOf(error) });
    }
    if (success) return;
    const { period_s } = limit;
    throw new Problem(
      'too-many-requests',
      `More than ${limit.limit} requests in ${period_s} s for ${WHOSE[name]}; ask again in ${period_s} s`,
      { headers: { 'Retry-After': String(period_s), 'RateLimit-Policy': policy(name, limit) } },
    );
  }

  return {
    address: (headers) =>
      none ? null : count('address', ADDRESS, networkOf(headers.get('CF-Connecting-IP') ?? 'unknown')),
    caller: (caller) => (none ? null : countCaller(caller)),
    policyOf: (tenant_id) => POLICIES[tenants.of(tenant_id).tier],
  };

  async function countCaller({ tenant_id, subject }: Caller): Promise<void> {
    const tier = TIERS[tenants.of(tenant_id).tier];
    // The person first: what one of them is refused must not use up what all of them have.
    if (subject !== null) await count('subject', tier.subject, composite(tenant_id, subject));
    await count('tenant', tier.tenant, tenant_id);
  }
}
