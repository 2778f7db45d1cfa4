import { composite } from '#contract/ids.ts';
import type { EmbeddingVersion } from '../embedder/port.ts';
import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Versions } from './port.ts';

const CURRENT = {
  name: 'versions.current',
  text: 'SELECT id, dimension, metric, digest FROM embedding_versions WHERE tenant_id = $1',
};
const INSERT = {
  name: 'versions.insert',
  text: `
    INSERT INTO embedding_versions AS kept (tenant_id, id, dimension, metric, digest) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id) DO UPDATE SET id = excluded.id
    WHERE kept.id = excluded.id AND kept.digest = excluded.digest
    RETURNING tenant_id`,
};
const UPDATE = {
  name: 'versions.update',
  text: `
    UPDATE embedding_versions SET id = $2, dimension = $3, metric = $4, digest = $5
    WHERE tenant_id = $1 AND ((id = $2 AND digest = $5) OR (id = $6 AND digest = $7))
    RETURNING tenant_id`,
};
const PAGE = {
  name: 'versions.page',
  text: `
    SELECT tenant_id, id, dimension, metric, digest FROM embedding_versions WHERE tenant_id > $1
    ORDER BY tenant_id LIMIT $2`,
};

type Row = EmbeddingVersion & { tenant_id: string };

/** The switch in PostgreSQL. */
export function postgresVersions(postgres: Postgres): Versions {
  return {
    async current(tenant_id, signal) {
      const [row] = await postgres.query<EmbeddingVersion>(CURRENT, [tenant_id], signal);
      return row ?? null;
    },
    async switch({ tenant_id, from, to }, signal) {
      const row = [tenant_id, to.id, to.dimension, to.metric, to.digest];
      const written = await postgres.transaction(
        (ask) => (from ? ask(UPDATE, [...row, from.id, from.digest]) : ask(INSERT, row)),
        { signal },
      );
      return written.length === 1;
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        for await (const { tenant_id, ...version } of pages<Row>(ask, PAGE, (row) => [row.tenant_id], 1)) {
          yield `${composite('embedding_version', tenant_id)} ${JSON.stringify(version)}`;
        }
      });
    },
  };
}
