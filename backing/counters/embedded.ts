import type { DatabaseSync } from 'node:sqlite';
import { type Event, isEngagement } from '#contract/event.ts';
import { composite } from '#contract/ids.ts';
import type { embeddedProfiles } from '../profiles/embedded.ts';
import type { Addition } from '../profiles/merge.ts';
import { transaction } from '../sqlite.ts';
import type { Applied, Counters, DailyCount } from './port.ts';
import { remembered, rememberedPerson } from './remembered.ts';

export const countersSchema = `
  CREATE TABLE IF NOT EXISTS identities (
    identity TEXT PRIMARY KEY, content TEXT NOT NULL, accepted_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS daily (
    tenant_id TEXT NOT NULL, day TEXT NOT NULL, campaign_id TEXT NOT NULL, type TEXT NOT NULL,
    locale TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, day, campaign_id, type, locale)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS imported (tenant_id TEXT PRIMARY KEY, newest TEXT NOT NULL) WITHOUT ROWID`;

/** What an event adds to its person's profile. */
function extend(addition: Addition, event: Event): void {
  const { message_id, occurred_at, type } = event;
  if (type === 'message') addition.messages.push({ message_id, occurred_at });
  if (isEngagement(event)) {
    addition.engagements.push({ message_id, occurred_at, campaign_id: event.campaign_id, type });
  }
  if (type === 'dismissal') {
    addition.dismissals.push({ message_id, occurred_at, campaign_id: event.campaign_id, type });
  }
}

type Person = { tenant_id: string; user_id: string; digest: string; addition: Addition };

function newPerson(tenant_id: string, user_id: string): Person {
  const addition = { messages: [], engagements: [], dismissals: [] };
  return { tenant_id, user_id, digest: rememberedPerson(tenant_id, user_id), addition };
}

const ALL_DAILY = 'SELECT * FROM daily ORDER BY tenant_id, day, campaign_id, type, locale';
const ALL_IDENTITIES = 'SELECT identity, content FROM identities ORDER BY identity';
const ALL_IMPORTED = 'SELECT * FROM imported ORDER BY tenant_id';

/** Counters in SQLite; profiles are merged in the same transaction. */
export function embeddedCounters(db: DatabaseSync, profiles: ReturnType<typeof embeddedProfiles>): Counters {
  const known = db.prepare('SELECT content FROM identities WHERE identity = ?');
  const remember = db.prepare(
    'INSERT INTO identities (identity, content, accepted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const add = db.prepare(`
    INSERT INTO daily (tenant_id, day, campaign_id, type, locale, count) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count`);
  const advance = db.prepare(`
    INSERT INTO imported (tenant_id, newest) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET newest = excluded.newest WHERE excluded.newest > newest`);
  const range = db.prepare('SELECT * FROM daily WHERE tenant_id = ? AND day BETWEEN ? AND ?');
  const newest = db.prepare('SELECT newest FROM imported WHERE tenant_id = ?');

  return {
    async apply(events, signal) {
      signal.throwIfAborted();
      return transaction(db, () => {
        const applied: Applied = { counted: 0, repeated: 0, conflicting: 0 };
        const people = new Map<string, Person>();
        const counts = new Map<
          string,
          [tenant: string, day: string, campaign: string, type: string, locale: string, n: number]
        >();
        const imports = new Map<string, string>();
        for (const { envelope, imported } of events) {
          const { tenant_id, accepted_at, event } = envelope;
          const { user_id, occurred_at, type, locale, campaign_id } = event;
          if (imported && occurred_at > (imports.get(tenant_id) ?? '')) imports.set(tenant_id, occurred_at);
          const who = composite(tenant_id, user_id);
          const person = people.get(who) ?? newPerson(tenant_id, user_id);
          people.set(who, person);
          const { identity, content } = remembered(person.digest, event);
          if (remember.run(identity, content, accepted_at).changes === 0) {
            applied[known.get(identity)?.content === content ? 'repeated' : 'conflicting'] += 1;
            continue;
          }
          applied.counted += 1;
          if (campaign_id !== null) {
            const day = occurred_at.slice(0, 10);
            const key = composite(tenant_id, day, campaign_id, type, locale);
            const row = counts.get(key) ?? [tenant_id, day, campaign_id, type, locale ?? '', 0];
            row[5] += 1;
            counts.set(key, row);
          }
          extend(person.addition, event);
        }
        for (const row of counts.values()) add.run(...row);
        for (const { tenant_id, user_id, addition } of people.values()) {
          if (addition.messages.length + addition.engagements.length + addition.dismissals.length > 0) {
            profiles.add(tenant_id, user_id, addition);
          }
        }
        for (const [tenant_id, moment] of imports) advance.run(tenant_id, moment);
        return applied;
      });
    },
    async daily(tenant_id, from_day, to_day, signal) {
      signal.throwIfAborted();
      return range.all(tenant_id, from_day, to_day).map((row) => ({
        campaign_id: row.campaign_id as string,
        day: row.day as string,
        type: row.type as DailyCount['type'],
        locale: (row.locale as string) || null,
        count: row.count as number,
      }));
    },
    async newestImported(tenant_id, signal) {
      signal.throwIfAborted();
      return (newest.get(tenant_id)?.newest as string | undefined) ?? null;
    },
    async *dump() {
      for (const r of db.prepare(ALL_DAILY).iterate()) {
        yield `${composite('daily', r.tenant_id as string, r.day as string, r.campaign_id as string, r.type as string, r.locale as string)} ${r.count}`;
      }
      for (const r of db.prepare(ALL_IDENTITIES).iterate()) {
        yield `${composite('identity', r.identity as string)} ${r.content}`;
      }
      for (const r of db.prepare(ALL_IMPORTED).iterate())
        yield `${composite('imported', r.tenant_id as string)} ${r.newest}`;
    },
  };
}
