import type { Profile, Profiles } from '#backing/profiles/port.ts';
import { heldPeople } from '../people.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** About what an entry takes: two or three short strings. */
const ENTRY_BYTES = 200;

function bytesOf({ messages, engagements, engaged, dismissed }: Profile): number {
  return ENTRY_BYTES * (messages.length + engagements.length + engaged.size + dismissed.size);
}

/** What is known of the person. */
export function profileHydrator(profiles: Profiles): Hydrator {
  const held = heldPeople(bytesOf);
  return {
    dependency: 'profiles',
    async hydrate(query, signal) {
      const { tenant_id, user_epoch: epoch, request } = query;
      const read = () => profiles.read(tenant_id, request.user_id, signal);
      query.profile = await held({ key: [tenant_id, request.user_id], epoch }, read);
    },
  };
}
