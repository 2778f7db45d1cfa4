import type { Profiles } from '#backing/profiles/port.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** What is known of the person. */
export function profileHydrator(profiles: Profiles): Hydrator {
  return {
    dependency: 'profiles',
    async hydrate(query, signal) {
      query.profile = await profiles.read(query.tenant_id, query.request.user_id, signal);
    },
  };
}
