import type { Config } from '../config.ts';
import type { Audience } from './lists.ts';

/** Every tenant that some issuer speaks for, at each place and in each language that lists are published for. */
export function audiencesOf({
  issuers,
  popular_lists: { placements, locales },
}: Pick<Config, 'issuers' | 'popular_lists'>): Audience[] {
  const tenants = [...new Set(issuers.flatMap((issuer) => issuer.tenants))];
  return tenants.flatMap((tenant_id) =>
    placements.flatMap((placement) => locales.map((locale) => ({ tenant_id, placement, locale }))),
  );
}
