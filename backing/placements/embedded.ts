import type { DatabaseSync } from 'node:sqlite';
import { transaction } from '../sqlite.ts';
import { MOST_PLACEMENTS, type Placements, TooManyPlacements, VERSIONS_KEPT } from './port.ts';
import { COLUMNS, isSame, lineOf, placementOf, type StoredPlacement } from './row.ts';

export const placementsSchema = `
  CREATE TABLE IF NOT EXISTS placements (
    tenant_id TEXT NOT NULL, placement TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL,
    content TEXT NOT NULL, created_at TEXT NOT NULL, changed_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, placement, version)
  ) WITHOUT ROWID`;

const INSERT = `INSERT INTO placements (${COLUMNS}) VALUES (?1, ?2, ?3, 'candidate', ?4, ?5, ?5) RETURNING ${COLUMNS}`;
const NEWEST = `
  SELECT ${COLUMNS} FROM placements WHERE tenant_id = ? AND placement = ? ORDER BY version DESC LIMIT 1`;
const COUNT = 'SELECT count(DISTINCT placement) AS many FROM placements WHERE tenant_id = ?';
const PRUNE = `
  DELETE FROM placements WHERE tenant_id = ?1 AND placement = ?2 AND status IN ('candidate', 'retired')
  AND version <= ?3 - ${VERSIONS_KEPT}`;
const RETIRE = `
  UPDATE placements SET status = 'retired', changed_at = ?5
  WHERE tenant_id = ?1 AND placement = ?2 AND version <> ?3 AND status = ?4 AND status IN ('live', 'shadow')`;
const MOVE = `
  UPDATE placements SET changed_at = CASE WHEN status = ?4 THEN changed_at ELSE ?5 END, status = ?4
  WHERE tenant_id = ?1 AND placement = ?2 AND version = ?3 RETURNING ${COLUMNS}`;

/** Placements in SQLite. */
export function embeddedPlacements(db: DatabaseSync): Placements {
  const all = db.prepare(`SELECT ${COLUMNS} FROM placements ORDER BY tenant_id, placement, version`);
  const ofTenant = db.prepare(
    `SELECT ${COLUMNS} FROM placements WHERE tenant_id = ? ORDER BY placement, version`,
  );
  const [insert, newest, count] = [db.prepare(INSERT), db.prepare(NEWEST), db.prepare(COUNT)];
  const [prune, retire, move] = [db.prepare(PRUNE), db.prepare(RETIRE), db.prepare(MOVE)];
  return {
    async of(tenant_id, signal) {
      signal.throwIfAborted();
      return ofTenant.all(tenant_id).map((row) => placementOf(row as StoredPlacement));
    },
    async add({ tenant_id, placement, content, at }, signal) {
      signal.throwIfAborted();
      return transaction(db, () => {
        const last = newest.get(tenant_id, placement) as StoredPlacement | undefined;
        const text = JSON.stringify(content);
        if (last && isSame(last, text)) return placementOf(last);
        if (!last && Number(count.get(tenant_id)?.['many']) >= MOST_PLACEMENTS) throw new TooManyPlacements();
        const version = (last?.version ?? 0) + 1;
        const row = insert.get(tenant_id, placement, version, text, at);
        prune.run(tenant_id, placement, version);
        return placementOf(row as StoredPlacement);
      });
    },
    async move({ tenant_id, placement, version, status, at }, signal) {
      signal.throwIfAborted();
      const values = [tenant_id, placement, version, status, at] as const;
      return transaction(db, () => {
        const row = move.get(...values) as StoredPlacement | undefined;
        if (!row) return null;
        retire.run(...values);
        return placementOf(row);
      });
    },
    async *dump() {
      for (const row of all.all()) yield lineOf(row as StoredPlacement);
    },
  };
}
