import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '../sqlite.ts';
import type { Kind } from './kinds.ts';
import { TooMany, type Versioned } from './port.ts';
import { columnsOf, isSame, lineOf, rowOf, type Stored } from './row.ts';

export const versionedSchema = ({ one, table }: Kind<unknown>) => `
  CREATE TABLE IF NOT EXISTS ${table} (
    tenant_id TEXT NOT NULL, ${one} TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL,
    content TEXT NOT NULL, created_at TEXT NOT NULL, changed_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, ${one}, version)
  ) WITHOUT ROWID`;

function statementsOf(kind: Kind<unknown>) {
  const { one, table, kept } = kind;
  const { read, written, listed } = columnsOf(kind);
  return {
    list: `SELECT ${listed} FROM ${table} WHERE tenant_id = ? ORDER BY ${one}, version`,
    of: `
      SELECT ${read} FROM ${table} WHERE tenant_id = ?1 AND ${one} = coalesce(?2, ${one})
      AND (?3 = 0 OR status IN ('live', 'shadow')) ORDER BY ${one}, version`,
    newest: `SELECT ${read} FROM ${table} WHERE tenant_id = ? AND ${one} = ? ORDER BY version DESC LIMIT 1`,
    count: `SELECT count(DISTINCT ${one}) AS many FROM ${table} WHERE tenant_id = ?`,
    insert: `INSERT INTO ${table} (${written}) VALUES (?1, ?2, ?3, 'candidate', ?4, ?5, ?5) RETURNING ${read}`,
    prune: `
      DELETE FROM ${table} WHERE tenant_id = ?1 AND ${one} = ?2 AND status IN ('candidate', 'retired')
      AND version <= ?3 - ${kept}`,
    retire: `
      UPDATE ${table} SET status = 'retired', changed_at = ?5
      WHERE tenant_id = ?1 AND ${one} = ?2 AND version <> ?3 AND status = ?4 AND status IN ('live', 'shadow')`,
    move: `
      UPDATE ${table} SET changed_at = CASE WHEN status = ?4 THEN changed_at ELSE ?5 END, status = ?4
      WHERE tenant_id = ?1 AND ${one} = ?2 AND version = ?3 RETURNING ${read}`,
    dump: `SELECT ${read} FROM ${table} ORDER BY tenant_id, ${one}, version`,
  };
}

/** What tenants have in versions, in SQLite. */
export function embeddedVersioned<Content>(db: DatabaseSync, kind: Kind<Content>): Versioned<Content> {
  const sql = statementsOf(kind);
  const [list, of, dump] = [db.prepare(sql.list), db.prepare(sql.of), db.prepare(sql.dump)];
  const [insert, newest, count] = [db.prepare(sql.insert), db.prepare(sql.newest), db.prepare(sql.count)];
  const [prune, retire, move] = [db.prepare(sql.prune), db.prepare(sql.retire), db.prepare(sql.move)];
  const { most, kept, table } = kind;
  return {
    ...{ most, kept },
    async list(tenant_id, signal) {
      signal.throwIfAborted();
      return list.all(tenant_id).map(({ ...row }) => row as Omit<Stored, 'content'>);
    },
    async of(tenant_id, { name = null, serving = false }, signal) {
      signal.throwIfAborted();
      return of.all(tenant_id, name, Number(serving)).map((row) => rowOf(kind, row as Stored));
    },
    async add({ tenant_id, name, content, at }, signal) {
      signal.throwIfAborted();
      return transaction(db, () => {
        const last = newest.get(tenant_id, name) as Stored | undefined;
        const text = JSON.stringify(content);
        if (last && isSame(last, text)) return rowOf(kind, last);
        if (!last && Number(count.get(tenant_id)?.['many']) >= most) throw new TooMany(table, most);
        const version = (last?.version ?? 0) + 1;
        const row = insert.get(tenant_id, name, version, text, at);
        prune.run(tenant_id, name, version);
        return rowOf(kind, row as Stored);
      });
    },
    async move({ tenant_id, name, version, status, at }, signal) {
      signal.throwIfAborted();
      const values = [tenant_id, name, version, status, at] as const;
      return transaction(db, () => {
        const row = move.get(...values) as Stored | undefined;
        if (!row) return null;
        retire.run(...values);
        return rowOf(kind, row);
      });
    },
    async *dump() {
      for (const row of dump.all()) yield lineOf(kind, row as Stored);
    },
  };
}
