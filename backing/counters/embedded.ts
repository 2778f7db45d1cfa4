import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import { embeddedForgotten, forgottenKey, forgottenSchema } from '../forgotten.ts';
import type { embeddedProfiles } from '../profiles/embedded.ts';
import { scrub, transaction } from '../sqlite.ts';
import { additions, gather } from './batch.ts';
import { removeOldCounts } from './embedded-retention.ts';
import type { Counters, DailyCount } from './port.ts';
import { afterPerson, rememberedIdentity, rememberedPerson } from './remembered.ts';

export const countersSchema = `
  CREATE TABLE IF NOT EXISTS identities (
    identity TEXT PRIMARY KEY, content TEXT NOT NULL, accepted_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS daily (
    tenant_id TEXT NOT NULL, day TEXT NOT NULL, campaign_id TEXT NOT NULL, type TEXT NOT NULL,
    locale TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, day, campaign_id, type, locale)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tens (
    tenant_id TEXT NOT NULL, ten TEXT NOT NULL, campaign_id TEXT NOT NULL, type TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, ten, campaign_id, type)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS imported (tenant_id TEXT PRIMARY KEY, newest TEXT NOT NULL) WITHOUT ROWID;
  ${forgottenSchema}`;

const ALL_DAILY = 'SELECT * FROM daily ORDER BY tenant_id, day, campaign_id, type, locale';
const ALL_TENS = 'SELECT * FROM tens ORDER BY tenant_id, ten, campaign_id, type';
const ALL_IDENTITIES = 'SELECT identity, content FROM identities ORDER BY identity';
const ALL_IMPORTED = 'SELECT * FROM imported ORDER BY tenant_id';

/** Counters in SQLite; profiles are merged in the same transaction. */
export function embeddedCounters(db: DatabaseSync, profiles: ReturnType<typeof embeddedProfiles>): Counters {
  const known = db.prepare('SELECT content FROM identities WHERE identity = ?');
  const contentOf = (identity: string) => known.get(identity)?.content as string | undefined;
  const forgotten = embeddedForgotten(db);
  const acceptedAt = db.prepare('SELECT accepted_at FROM identities WHERE identity = ?');
  const forgetIdentities = db.prepare(
    'DELETE FROM identities WHERE identity >= ? AND identity < ? AND accepted_at <= ?',
  );
  const remember = db.prepare('INSERT INTO identities (identity, content, accepted_at) VALUES (?, ?, ?)');
  const add = db.prepare(`
    INSERT INTO daily (tenant_id, day, campaign_id, type, locale, count) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count`);
  const addTen = db.prepare(`
    INSERT INTO tens (tenant_id, ten, campaign_id, type, count) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count`);
  const advance = db.prepare(`
    INSERT INTO imported (tenant_id, newest) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET newest = excluded.newest WHERE excluded.newest > newest`);
  const range = db.prepare('SELECT * FROM daily WHERE tenant_id = ? AND day BETWEEN ? AND ?');
  const tenRange = db.prepare('SELECT * FROM tens WHERE tenant_id = ? AND ten BETWEEN ? AND ?');
  const newest = db.prepare('SELECT newest FROM imported WHERE tenant_id = ?');

  return {
    async apply(events, signal) {
      signal.throwIfAborted();
      return transaction(db, () => {
        const batch = gather(events);
        const { applied, identities, counts, tens, people } = additions(
          batch,
          { get: contentOf },
          { get: forgotten.isEmpty() ? () => undefined : forgotten.at },
        );
        for (const { identity, content, accepted_at } of identities)
          remember.run(identity, content, accepted_at);
        for (const { tenant_id, day, campaign_id, type, locale, count } of counts) {
          add.run(tenant_id, day, campaign_id, type, locale, count);
        }
        for (const { tenant_id, ten, campaign_id, type, count } of tens) {
          addTen.run(tenant_id, ten, campaign_id, type, count);
        }
        for (const { tenant_id, user_id, addition } of people) profiles.add(tenant_id, user_id, addition);
        for (const { tenant_id, newest } of batch.imports) advance.run(tenant_id, newest);
        return applied;
      });
    },
    async forget(people, signal) {
      signal.throwIfAborted();
      transaction(db, () => {
        for (const { tenant_id, user_id, forgotten_at } of people) {
          const key = forgottenKey(tenant_id, user_id);
          const since = forgotten.remember(key, forgotten_at);
          const person = rememberedPerson(key);
          profiles.forget({ tenant_id, user_id, forgotten_at: since }, (message_id) => {
            const accepted = acceptedAt.get(rememberedIdentity(person, message_id))?.accepted_at as string;
            return accepted > since;
          });
          forgetIdentities.run(person, afterPerson(person), since);
        }
      });
      scrub(db);
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
    async tens(tenant_id, from_ten, to_ten, signal) {
      signal.throwIfAborted();
      return tenRange.all(tenant_id, from_ten, to_ten).map((row) => ({
        campaign_id: row.campaign_id as string,
        ten: row.ten as string,
        type: row.type as DailyCount['type'],
        count: row.count as number,
      }));
    },
    async newestImported(tenant_id, signal) {
      signal.throwIfAborted();
      return (newest.get(tenant_id)?.newest as string | undefined) ?? null;
    },
    removeBefore: (old, signal) => removeOldCounts(db, old, signal),
    async *dump() {
      for (const r of db.prepare(ALL_DAILY).iterate()) {
        yield `${composite('daily', r.tenant_id as string, r.day as string, r.campaign_id as string, r.type as string, r.locale as string)} ${r.count}`;
      }
      yield* forgotten.dump();
      for (const r of db.prepare(ALL_IDENTITIES).iterate()) {
        yield `${composite('identity', r.identity as string)} ${r.content}`;
      }
      for (const r of db.prepare(ALL_IMPORTED).iterate())
        yield `${composite('imported', r.tenant_id as string)} ${r.newest}`;
      for (const r of db.prepare(ALL_TENS).iterate()) {
        yield `${composite('ten', r.tenant_id as string, r.ten as string, r.campaign_id as string, r.type as string)} ${r.count}`;
      }
    },
  };
}
