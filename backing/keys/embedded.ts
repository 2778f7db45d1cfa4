import type { DatabaseSync } from 'node:sqlite';
import { type ApiKeys, KeyTaken } from './port.ts';
import { COLUMNS, type KeyRow, keyOf, lineOf, valuesOf } from './row.ts';

export const keysSchema = `
  CREATE TABLE IF NOT EXISTS api_keys (
    key_id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT, pepper TEXT NOT NULL, digest TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS api_keys_of_tenant ON api_keys (tenant_id, key_id)`;

/** API keys in SQLite. */
export function embeddedKeys(db: DatabaseSync): ApiKeys {
  const insert = db.prepare(
    `INSERT INTO api_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const one = db.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE key_id = ?`);
  const ofTenant = db.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = ? ORDER BY key_id`);
  const all = db.prepare(`SELECT ${COLUMNS} FROM api_keys ORDER BY tenant_id, key_id`);
  const ending = (column: 'expires_at' | 'revoked_at') =>
    db.prepare(`
      UPDATE api_keys SET ${column} = min(coalesce(${column}, ?1), ?1) WHERE tenant_id = ?2 AND key_id = ?3
      RETURNING ${COLUMNS}`);
  const [expiring, revoking] = [ending('expires_at'), ending('revoked_at')];
  const read = (row: unknown) => (row ? keyOf(row as KeyRow) : null);
  return {
    async add(key, signal) {
      signal.throwIfAborted();
      insert.run(...valuesOf(key));
      if (read(one.get(key.key_id))?.digest !== key.digest) throw new KeyTaken(key.key_id);
    },
    async get(key_id, signal) {
      signal.throwIfAborted();
      return read(one.get(key_id));
    },
    async of(tenant_id, signal) {
      signal.throwIfAborted();
      return ofTenant.all(tenant_id).map((row) => keyOf(row as KeyRow));
    },
    async expire(tenant_id, key_id, at, signal) {
      signal.throwIfAborted();
      return read(expiring.get(at, tenant_id, key_id));
    },
    async revoke(tenant_id, key_id, at, signal) {
      signal.throwIfAborted();
      return read(revoking.get(at, tenant_id, key_id));
    },
    async *dump() {
      for (const row of all.all()) yield lineOf(row as KeyRow);
    },
  };
}
