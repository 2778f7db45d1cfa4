import { FORGETTING_STORES } from '#contract/deletion.ts';
import { forgottenKey } from '../forgotten.ts';
import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Deletion, Deletions } from './port.ts';
import { lineOf, progressOf, type Row } from './row.ts';

const COLUMNS =
  'deletion_id, store, tenant_id, key, user_id, forgotten_at, partition, log_offset::float8, done_at';

const REGISTER = {
  name: 'deletions.register',
  text: `
    INSERT INTO deletions (deletion_id, tenant_id, key, user_id, forgotten_at, partition, log_offset, store)
    SELECT new.*, store
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[]) AS new,
      unnest($8::text[]) AS store
    ON CONFLICT DO NOTHING`,
};
const OPEN = {
  name: 'deletions.open',
  text: `
    SELECT ${COLUMNS} FROM deletions WHERE store = $1 AND done_at IS NULL AND forgotten_at < $2
    ORDER BY forgotten_at, deletion_id LIMIT $3`,
};
const FINISH = {
  name: 'deletions.finish',
  text: `
    UPDATE deletions SET done_at = $3, user_id = NULL
    WHERE store = $1 AND deletion_id = ANY ($2::text[]) AND done_at IS NULL`,
};
const ONE = {
  name: 'deletions.one',
  text: `SELECT ${COLUMNS} FROM deletions WHERE tenant_id = $1 AND deletion_id = $2`,
};
const SINCE = {
  name: 'deletions.since',
  text: 'SELECT key, max(forgotten_at) AS at FROM deletions WHERE key = ANY ($1::text[]) GROUP BY key',
};
const PAGE = {
  name: 'deletions.page',
  text: `
    SELECT ${COLUMNS} FROM deletions WHERE (deletion_id, store) > ($1, $2)
    ORDER BY deletion_id, store LIMIT $3`,
};

/** Deletions in PostgreSQL. */
export function postgresDeletions(postgres: Postgres): Deletions {
  return {
    async register(deletions, signal) {
      const of = <Name extends keyof Deletion>(name: Name) => deletions.map((one) => one[name]);
      const keys = deletions.map(({ tenant_id, user_id }) => forgottenKey(tenant_id, user_id));
      const values = [
        of('deletion_id'),
        of('tenant_id'),
        keys,
        of('user_id'),
        of('forgotten_at'),
        of('partition'),
        of('offset'),
        FORGETTING_STORES,
      ];
      await postgres.transaction((ask) => ask(REGISTER, values), { signal });
    },
    async open(store, before, most, signal) {
      const rows = await postgres.query<Row>(OPEN, [store, before, most], signal);
      return rows.map(({ deletion_id, tenant_id, user_id, forgotten_at, partition, log_offset }) => {
        return {
          deletion_id,
          tenant_id,
          user_id: user_id as string,
          forgotten_at,
          partition,
          offset: log_offset,
        };
      });
    },
    async finish(store, deletion_ids, done_at, signal) {
      await postgres.transaction((ask) => ask(FINISH, [store, deletion_ids, done_at]), { signal });
    },
    async read(tenant_id, deletion_id, signal) {
      return progressOf(await postgres.query<Row>(ONE, [tenant_id, deletion_id], signal));
    },
    async since(keys, signal) {
      const rows = await postgres.query<{ key: string; at: string }>(SINCE, [keys], signal);
      return new Map(rows.map(({ key, at }) => [key, at]));
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        const keyOf = ({ deletion_id, store }: Row) => [deletion_id, store];
        for await (const row of pages<Row>(ask, PAGE, keyOf, 2)) yield lineOf(row);
      });
    },
  };
}
