import type { DatabaseSync } from 'node:sqlite';
import { FORGETTING_STORES } from '#contract/deletion.ts';
import { forgottenKey } from '../forgotten.ts';
import { scrub, transaction } from '../sqlite.ts';
import type { Deletion, Deletions } from './port.ts';
import { lineOf, progressOf, type Row } from './row.ts';

export const deletionsSchema = `
  CREATE TABLE IF NOT EXISTS deletions (
    deletion_id TEXT NOT NULL, store TEXT NOT NULL, tenant_id TEXT NOT NULL, key TEXT NOT NULL, user_id TEXT,
    forgotten_at TEXT NOT NULL, partition INTEGER NOT NULL, log_offset INTEGER NOT NULL, done_at TEXT,
    PRIMARY KEY (deletion_id, store)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS deletions_open ON deletions (store, forgotten_at, deletion_id) WHERE done_at IS NULL;
  CREATE INDEX IF NOT EXISTS deletions_of_key ON deletions (key)`;

/** Deletions in SQLite. */
export function embeddedDeletions(db: DatabaseSync): Deletions {
  const insert = db.prepare(`
    INSERT INTO deletions (deletion_id, store, tenant_id, key, user_id, forgotten_at, partition, log_offset)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const open = db.prepare(`
    SELECT * FROM deletions WHERE store = ? AND done_at IS NULL AND forgotten_at < ?
    ORDER BY forgotten_at, deletion_id LIMIT ?`);
  const finish = db.prepare(`
    UPDATE deletions SET done_at = ?, user_id = NULL WHERE deletion_id = ? AND store = ? AND done_at IS NULL`);
  const one = db.prepare('SELECT * FROM deletions WHERE tenant_id = ? AND deletion_id = ?');
  const latest = db.prepare('SELECT max(forgotten_at) AS at FROM deletions WHERE key = ?');
  return {
    async register(deletions, signal) {
      signal.throwIfAborted();
      transaction(db, () => {
        for (const { deletion_id, tenant_id, user_id, forgotten_at, partition, offset } of deletions) {
          const key = forgottenKey(tenant_id, user_id);
          for (const store of FORGETTING_STORES)
            insert.run(deletion_id, store, tenant_id, key, user_id, forgotten_at, partition, offset);
        }
      });
    },
    async open(store, before, most, signal) {
      signal.throwIfAborted();
      return (open.all(store, before, most) as Row[]).map(
        ({ deletion_id, tenant_id, user_id, forgotten_at, partition, log_offset }): Deletion => {
          return {
            deletion_id,
            tenant_id,
            user_id: user_id as string,
            forgotten_at,
            partition,
            offset: log_offset,
          };
        },
      );
    },
    async finish(store, deletion_ids, done_at, signal) {
      signal.throwIfAborted();
      transaction(db, () => {
        for (const deletion_id of deletion_ids) finish.run(done_at, deletion_id, store);
      });
      scrub(db);
    },
    async read(tenant_id, deletion_id, signal) {
      signal.throwIfAborted();
      return progressOf(one.all(tenant_id, deletion_id) as Row[]);
    },
    async since(keys, signal) {
      signal.throwIfAborted();
      const found = keys.map((key) => [key, latest.get(key)?.at as string | null] as const);
      return new Map(found.flatMap(([key, at]) => (at === null ? [] : [[key, at]])));
    },
    async *dump() {
      for (const row of db.prepare('SELECT * FROM deletions ORDER BY deletion_id, store').iterate())
        yield lineOf(row as Row);
    },
  };
}
