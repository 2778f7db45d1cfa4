import type { Profile, Profiles } from '#backing/profiles/port.ts';
import { heldPeople } from '../people.ts';
import type { Hydrator } from '../pipeline/stages.ts';

/** About what an entry takes: two or three short strings. */
const ENTRY_BYTES = 200;

function bytesOf({ messages, engagements, engaged, dismissed }: Profile): number {
  return ENTRY_BYTES * (messages.length + engagements.length + engaged.size + dismissed.size);
}

/** What is known of the person; as last read, where it cannot be read. */
export function profileHydrator(profiles: Pick<Profiles, 'read'>, looked?: (hit: boolean) => void): Hydrator {
  const held = heldPeople(bytesOf, looked);
  return {
    dependency: 'profiles',
    async hydrate({ tenant_id, user_epoch: epoch, request: { user_id } }, signal) {
      const read = () => profiles.read(tenant_id, user_id, signal);
      return { profile: await held.get({ key: [tenant_id, user_id], epoch }, read) };
    },
    nextBest({ tenant_id, request: { user_id } }) {
      const profile = held.last([tenant_id, user_id]);
      return profile ? { profile } : {};
    },
  };
}
