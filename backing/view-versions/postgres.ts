import { composite } from '#contract/ids.ts';
import type { Postgres } from '../postgres/open.ts';
import { lineOf, type Row, stateOf } from './line.ts';
import { firstState, type ViewVersions } from './port.ts';

const COLUMNS = 'view, revision, serving, beside, keeps_up, newest';
const READ = { name: 'view-versions.read', text: `SELECT ${COLUMNS} FROM view_versions WHERE view = $1` };
const ALL = { name: 'view-versions.all', text: `SELECT ${COLUMNS} FROM view_versions ORDER BY view` };
const WRITE = {
  name: 'view-versions.write',
  text: `
    INSERT INTO view_versions AS kept (${COLUMNS})
    SELECT $1, $2::int + 1, $3::int, $4::int, $5::boolean, $6::int
    WHERE $2::int = 0 OR EXISTS (SELECT FROM view_versions WHERE view = $1)
    ON CONFLICT (view) DO UPDATE SET revision = excluded.revision, serving = excluded.serving,
      beside = excluded.beside, keeps_up = excluded.keeps_up, newest = excluded.newest
    WHERE kept.revision = excluded.revision - 1
      OR (kept.revision = excluded.revision AND kept.serving = excluded.serving
        AND kept.beside IS NOT DISTINCT FROM excluded.beside AND kept.keeps_up = excluded.keeps_up
        AND kept.newest = excluded.newest)
    RETURNING view`,
};

/** The switch in PostgreSQL. */
export function postgresViewVersions(postgres: Postgres): ViewVersions {
  return {
    async read(view, signal) {
      const [row] = await postgres.query<Row>(READ, [view], signal);
      return row ? stateOf(row) : firstState(view);
    },
    async change({ view, revision }, { serving, beside, keeps_up, newest }, signal) {
      const values = [view, revision, serving, beside, keeps_up, newest];
      const written = await postgres.transaction((ask) => ask(WRITE, values), { signal });
      return written.length === 1;
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        for (const row of await ask<Row>(ALL, [])) {
          const state = stateOf(row);
          yield `${composite('view', state.view)} ${lineOf(state)}`;
        }
      });
    },
  };
}
