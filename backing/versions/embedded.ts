import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import type { EmbeddingVersion } from '../embedder/port.ts';
import type { Versions } from './port.ts';

export const versionsSchema = `
  CREATE TABLE IF NOT EXISTS embedding_versions (
    tenant_id TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL, dimension INTEGER NOT NULL, metric TEXT NOT NULL,
    digest TEXT NOT NULL
  ) WITHOUT ROWID`;

const INSERT = `
  INSERT INTO embedding_versions AS kept (tenant_id, id, dimension, metric, digest) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET id = excluded.id WHERE kept.id = excluded.id AND kept.digest = excluded.digest`;
const UPDATE = `
  UPDATE embedding_versions SET id = ?2, dimension = ?3, metric = ?4, digest = ?5
  WHERE tenant_id = ?1 AND ((id = ?2 AND digest = ?5) OR (id = ?6 AND digest = ?7))`;

/** The switch in SQLite. */
export function embeddedVersions(db: DatabaseSync): Versions {
  const one = db.prepare('SELECT id, dimension, metric, digest FROM embedding_versions WHERE tenant_id = ?');
  const [insert, update] = [db.prepare(INSERT), db.prepare(UPDATE)];
  return {
    async current(tenant_id, signal) {
      signal.throwIfAborted();
      const row = one.get(tenant_id);
      return row ? ({ ...row } as EmbeddingVersion) : null;
    },
    async switch({ tenant_id, from, to }, signal) {
      signal.throwIfAborted();
      const row = [tenant_id, to.id, to.dimension, to.metric, to.digest] as const;
      const { changes } = from ? update.run(...row, from.id, from.digest) : insert.run(...row);
      return Number(changes) === 1;
    },
    async *dump() {
      for (const row of db.prepare('SELECT * FROM embedding_versions ORDER BY tenant_id').iterate()) {
        const { tenant_id, id, dimension, metric, digest } = row;
        yield `${composite('embedding_version', tenant_id as string)} ${JSON.stringify({ id, dimension, metric, digest })}`;
      }
    },
  };
}
