import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import { type ApiKeys, KeyTaken } from './port.ts';
import { COLUMNS, type KeyRow, keyOf, lineOf, valuesOf } from './row.ts';

const ADD = {
  name: 'keys.add',
  text: `INSERT INTO api_keys (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
};
const GET = { name: 'keys.get', text: `SELECT ${COLUMNS} FROM api_keys WHERE key_id = $1` };
const OF = {
  name: 'keys.of',
  text: `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 ORDER BY key_id`,
};
const EXPIRE = {
  name: 'keys.expire',
  text: `
    UPDATE api_keys SET expires_at = least(expires_at, $3) WHERE tenant_id = $1 AND key_id = $2
    RETURNING ${COLUMNS}`,
};
const REVOKE = {
  name: 'keys.revoke',
  text: `
    UPDATE api_keys SET revoked_at = least(revoked_at, $3) WHERE tenant_id = $1 AND key_id = $2
    RETURNING ${COLUMNS}`,
};
const PAGE = {
  name: 'keys.page',
  text: `
    SELECT ${COLUMNS} FROM api_keys WHERE (tenant_id, key_id) > ($1, $2) ORDER BY tenant_id, key_id LIMIT $3`,
};

/** How long a change may take, repetitions included. */
const BUDGET_MS = 5_000;

/** API keys in PostgreSQL. */
export function postgresKeys(postgres: Postgres): ApiKeys {
  async function changed(statement: typeof EXPIRE, values: readonly string[], signal: AbortSignal) {
    const options = { signal, budget_ms: BUDGET_MS };
    const [row] = await postgres.transaction((ask) => ask<KeyRow>(statement, values), options);
    return row ? keyOf(row) : null;
  }
  return {
    add(key, signal) {
      return postgres.transaction(
        async (ask) => {
          await ask(ADD, valuesOf(key));
          const [kept] = await ask<KeyRow>(GET, [key.key_id]);
          if (kept?.digest !== key.digest) throw new KeyTaken(key.key_id);
        },
        { signal, budget_ms: BUDGET_MS },
      );
    },
    async get(key_id, signal) {
      const [row] = await postgres.query<KeyRow>(GET, [key_id], signal);
      return row ? keyOf(row) : null;
    },
    async of(tenant_id, signal) {
      return (await postgres.query<KeyRow>(OF, [tenant_id], signal)).map(keyOf);
    },
    expire: (tenant_id, key_id, at, signal) => changed(EXPIRE, [tenant_id, key_id, at], signal),
    revoke: (tenant_id, key_id, at, signal) => changed(REVOKE, [tenant_id, key_id, at], signal),
    dump() {
      return postgres.snapshot(async function* (ask) {
        const placeOf = ({ tenant_id, key_id }: KeyRow) => [tenant_id, key_id];
        for await (const row of pages<KeyRow>(ask, PAGE, placeOf, 2)) yield lineOf(row);
      });
    },
  };
}
