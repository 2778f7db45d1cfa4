import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';

/**
 * What a store remembers a forgotten person by: 256 bits, from which nobody can tell their id who does not know it
 * already. Each store remembers for itself, since an event of theirs can come to each of them at any time, and by
 * another topic than their deletion.
 */
export function forgottenKey(tenant_id: string, user_id: string): string {
  return hash('sha256', composite(tenant_id, user_id), 'base64url');
}

/**
 * The same of a message that went with its author: replies to it have nothing else by which they would be found. It is
 * forgotten for good, so that it does not matter which of its author's forgettings came first.
 */
export function forgottenMessageKey(tenant_id: string, message_id: string): string {
  return hash('sha256', composite('message', tenant_id, message_id), 'base64url');
}

/** Since when a message is forgotten that is: no moment lies after it. */
export const FOR_GOOD = '9999-12-31T23:59:59.999Z';

export const forgottenSchema = `
  CREATE TABLE IF NOT EXISTS forgotten (key TEXT PRIMARY KEY, forgotten_at TEXT NOT NULL) WITHOUT ROWID`;

/** Who was forgotten, in a store in SQLite; called in its transactions. */
export function embeddedForgotten(db: DatabaseSync) {
  const any = db.prepare('SELECT 1 FROM forgotten LIMIT 1');
  const one = db.prepare('SELECT forgotten_at FROM forgotten WHERE key = ?');
  const put = db.prepare(`
    INSERT INTO forgotten (key, forgotten_at) VALUES (?, ?)
    ON CONFLICT DO UPDATE SET forgotten_at = excluded.forgotten_at WHERE excluded.forgotten_at > forgotten_at`);
  const at = (key: string) => one.get(key)?.forgotten_at as string | undefined;
  return {
    /** True while nobody was forgotten yet, so that there is nothing to look up. */
    isEmpty: () => any.get() === undefined,
    at,
    /** Remembers, and gives the moment that holds: the latest of all that were told. */
    remember(key: string, forgotten_at: string): string {
      put.run(key, forgotten_at);
      return at(key) as string;
    },
    *dump() {
      for (const row of db.prepare('SELECT * FROM forgotten ORDER BY key').iterate())
        yield `${composite('forgotten', row.key as string)} ${row.forgotten_at}`;
    },
  };
}
