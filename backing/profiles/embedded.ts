import type { DatabaseSync } from 'node:sqlite';
import type { EventType } from '#contract/event.ts';
import { composite } from '#contract/ids.ts';
import { type Addition, emptyProfile, merge } from './merge.ts';
import type { Profile, Profiles } from './port.ts';

/**
 * One row a person, so that a profile is one read. Lists are tuples, sorted as the port says. With a rowid,
 * since a WITHOUT ROWID tree holds only a few rows this long to a page, and each batch writes many of them.
 */
export const profilesSchema = `
  CREATE TABLE IF NOT EXISTS profiles (
    tenant_id TEXT NOT NULL, user_id TEXT NOT NULL, profile TEXT NOT NULL,
    UNIQUE (tenant_id, user_id)
  )`;

type Stored = {
  messages: [message_id: string, occurred_at: string][];
  engagements: [message_id: string, occurred_at: string, campaign_id: string, type: EventType][];
  engaged: [campaign_id: string, occurred_at: string][];
  dismissed: [campaign_id: string, occurred_at: string][];
};

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function encode({ messages, engagements, engaged, dismissed }: Profile): string {
  const stored: Stored = {
    messages: messages.map((m) => [m.message_id, m.occurred_at]),
    engagements: engagements.map((e) => [e.message_id, e.occurred_at, e.campaign_id, e.type]),
    engaged: sorted(engaged),
    dismissed: sorted(dismissed),
  };
  return JSON.stringify(stored);
}

function decode(text: string): Profile {
  const { messages, engagements, engaged, dismissed } = JSON.parse(text) as Stored;
  return {
    messages: messages.map(([message_id, occurred_at]) => ({ message_id, occurred_at })),
    engagements: engagements.map(([message_id, occurred_at, campaign_id, type]) => ({
      message_id,
      occurred_at,
      campaign_id,
      type,
    })),
    engaged: new Map(engaged),
    dismissed: new Map(dismissed),
  };
}

const ALL = 'SELECT tenant_id, user_id, profile FROM profiles ORDER BY tenant_id, user_id';

/** Profiles in SQLite, and the merge that Counters calls in its transaction. */
export function embeddedProfiles(db: DatabaseSync) {
  const select = db.prepare('SELECT profile FROM profiles WHERE tenant_id = ? AND user_id = ?');
  const upsert = db.prepare(`
    INSERT INTO profiles (tenant_id, user_id, profile) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET profile = excluded.profile`);

  const load = (tenant_id: string, user_id: string): Profile => {
    const row = select.get(tenant_id, user_id);
    return row ? decode(row.profile as string) : emptyProfile;
  };
  const profiles: Profiles = {
    async read(tenant_id, user_id, signal) {
      signal.throwIfAborted();
      return load(tenant_id, user_id);
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
      upsert.run(tenant_id, user_id, encode(merge(load(tenant_id, user_id), addition)));
    },
  };
}
