import type { Forgotten } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import { forgottenKey } from '../forgotten.ts';
import type { Postgres } from '../postgres/open.ts';
import type { Ask } from '../postgres/statement.ts';
import { forgetProfile, lockPeople, removeEmptyProfiles } from '../profiles/postgres.ts';
import * as sql from './postgres-statements.ts';
import { afterPerson, rememberedIdentity, rememberedPerson } from './remembered.ts';

/** People in the order in which every batch locks them. */
function inOrder(people: readonly Forgotten[]): Forgotten[] {
  const each = new Map(people.map((one) => [composite(one.tenant_id, one.user_id), one]));
  return [...each].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/**
 * Forgets people in one transaction, which locks them as every batch of events does: so a batch is counted before,
 * and forgotten here, or finds that they were.
 */
export async function forgetPeople(
  postgres: Postgres,
  people: readonly Forgotten[],
  signal: AbortSignal,
): Promise<void> {
  await postgres.transaction(
    async (ask) => {
      const each = inOrder(people);
      await lockPeople(ask, each);
      const rows = await ask<{ key: string; forgotten_at: string }>(sql.FORGET, [
        people.map(({ tenant_id, user_id }) => forgottenKey(tenant_id, user_id)),
        people.map(({ forgotten_at }) => forgotten_at),
      ]);
      const since = new Map(rows.map(({ key, forgotten_at }) => [key, forgotten_at]));
      for (const { tenant_id, user_id } of each) {
        const key = forgottenKey(tenant_id, user_id);
        const forgotten_at = since.get(key) as string;
        await forgetOne(ask, { tenant_id, user_id, forgotten_at }, rememberedPerson(key));
      }
      await removeEmptyProfiles(ask, each);
    },
    { signal },
  );
}

async function forgetOne(ask: Ask, one: Forgotten, person: string): Promise<void> {
  await forgetProfile(ask, one, async (messages) => {
    const identities = messages.map((message_id) => rememberedIdentity(person, message_id));
    const found = await ask<{ identity: string }>(sql.ACCEPTED_AFTER, [identities, one.forgotten_at]);
    const accepted = new Set(found.map(({ identity }) => identity));
    return messages.filter((message_id) => accepted.has(rememberedIdentity(person, message_id)));
  });
  await ask(sql.FORGET_IDENTITIES, [person, afterPerson(person), one.forgotten_at]);
}
