import type { Profiles } from '#backing/profiles/port.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/**
 * What the person was shown lately, where the placement caps that; it runs once the placement is known. It is read for each
 * answer, since impressions raise no epoch that would tell when it has changed.
 */
export function impressionsHydrator(profiles: Pick<Profiles, 'impressions'>): Hydrator {
  return {
    dependency: 'profiles',
    async hydrate({ tenant_id, placement, request: { user_id } }, signal) {
      if (placement.frequency_caps.length === 0) return {};
      return { impressions: await profiles.impressions(tenant_id, user_id, signal) };
    },
  };
}
