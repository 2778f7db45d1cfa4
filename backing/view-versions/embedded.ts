import type { DatabaseSync } from 'node:sqlite';
import { composite } from '#contract/ids.ts';
import type { ViewName } from '#contract/topics.ts';
import { lineOf, type Row, stateOf } from './line.ts';
import { firstState, type ViewVersions } from './port.ts';

export const viewVersionsSchema = `
  CREATE TABLE IF NOT EXISTS view_versions (
    view TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, serving INTEGER NOT NULL, beside INTEGER,
    keeps_up INTEGER NOT NULL, newest INTEGER NOT NULL
  ) WITHOUT ROWID`;

const WRITE = `
  INSERT INTO view_versions AS kept (view, revision, serving, beside, keeps_up, newest)
  SELECT ?1, ?2 + 1, ?3, ?4, ?5, ?6
  WHERE ?2 = 0 OR EXISTS (SELECT 1 FROM view_versions WHERE view = ?1)
  ON CONFLICT DO UPDATE SET revision = excluded.revision, serving = excluded.serving, beside = excluded.beside,
    keeps_up = excluded.keeps_up, newest = excluded.newest
  WHERE kept.revision = excluded.revision - 1
    OR (kept.revision = excluded.revision AND kept.serving = excluded.serving AND kept.beside IS excluded.beside
      AND kept.keeps_up = excluded.keeps_up AND kept.newest = excluded.newest)`;

/** The switch in SQLite. */
export function embeddedViewVersions(db: DatabaseSync): ViewVersions {
  const one = db.prepare('SELECT * FROM view_versions WHERE view = ?');
  const write = db.prepare(WRITE);
  return {
    async read(view, signal) {
      signal.throwIfAborted();
      const row = one.get(view) as Row | undefined;
      return row ? stateOf(row) : firstState(view);
    },
    async change({ view, revision }, { serving, beside, keeps_up, newest }, signal) {
      signal.throwIfAborted();
      return write.run(view, revision, serving, beside, Number(keeps_up), newest).changes > 0;
    },
    async *dump() {
      for (const row of db.prepare('SELECT * FROM view_versions ORDER BY view').iterate()) {
        const state = stateOf(row as Row);
        yield `${composite('view', state.view satisfies ViewName)} ${lineOf(state)}`;
      }
    },
  };
}
