import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type { Forgotten } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import { afterForgetting, doubtful, isEmpty } from './forget.ts';
import { type Addition, emptyProfile } from './merge.ts';
import type { Profiles } from './port.ts';
import { addToStored, decodeImpressions, decodeProfile, encodeProfile } from './stored.ts';

/**
 * One row a person, so that a profile is one read. Lists are tuples, sorted as the port says. With a rowid,
 * since a WITHOUT ROWID tree holds only a few rows this long to a page, and each batch writes many of them.
 */
export const profilesSchema = `
  CREATE TABLE IF NOT EXISTS profiles (
    tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, profile TEXT NOT NULL,
    UNIQUE (tenant_id, user_id)
  )`;

/** Read at once, between which the process does other things. */
const PAGE = 200;

const ALL = 'SELECT tenant_id, user_id, profile FROM profiles ORDER BY tenant_id, user_id';

/** Profiles in SQLite, and the merge that Counters calls in its transaction. */
export function embeddedProfiles(db: DatabaseSync) {
  const select = db.prepare('SELECT profile FROM profiles WHERE tenant_id = ? AND user_id = ?');
  const page = db.prepare(`
    SELECT user_id, profile FROM profiles WHERE tenant_id = ? AND user_id > ? ORDER BY user_id LIMIT ${PAGE}`);
  const upsert = db.prepare(`
    INSERT INTO profiles (tenant_id, user_id, profile) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET profile = excluded.profile`);

  const remove = db.prepare('DELETE FROM profiles WHERE tenant_id = ? AND user_id = ?');

  const load = (tenant_id: string, user_id: string) =>
    select.get(tenant_id, user_id)?.profile as string | undefined;
  const profiles: Profiles = {
    async read(tenant_id, user_id, signal) {
      signal.throwIfAborted();
      const text = load(tenant_id, user_id);
      return text ? decodeProfile(text) : emptyProfile;
    },
    async impressions(tenant_id, user_id, signal) {
      signal.throwIfAborted();
      return decodeImpressions(load(tenant_id, user_id) ?? '');
    },
    async *all(tenant_id, signal) {
      let after = '';
      for (;;) {
        signal.throwIfAborted();
        const rows = page.all(tenant_id, after);
        for (const row of rows) {
          yield { user_id: row.user_id as string, profile: decodeProfile(row.profile as string) };
        }
        if (rows.length < PAGE) return;
        after = rows[rows.length - 1]?.user_id as string;
        await setImmediate();
      }
    },
    async *dump() {
      for (const row of db.prepare(ALL).iterate()) {
        yield `${composite('profile', row.tenant_id as string, row.user_id as string)} ${row.profile}`;
      }
    },
  };
  return {
    profiles,
    add(tenant_id: string, user_id: string, addition: Addition) {
      upsert.run(tenant_id, user_id, addToStored(load(tenant_id, user_id), addition));
    },
    /** Called by Counters in its transaction; `acceptedAfter` tells whether a message of theirs was accepted afterwards. */
    forget({ tenant_id, user_id, forgotten_at }: Forgotten, acceptedAfter: (message_id: string) => boolean) {
      const text = load(tenant_id, user_id);
      if (!text) return;
      const before = { profile: decodeProfile(text), impressions: decodeImpressions(text) };
      const accepted = new Set(doubtful(before, forgotten_at).filter(acceptedAfter));
      const left = afterForgetting(before, forgotten_at, accepted);
      if (isEmpty(left)) remove.run(tenant_id, user_id);
      else upsert.run(tenant_id, user_id, encodeProfile(left.profile, left.impressions));
    },
  };
}
