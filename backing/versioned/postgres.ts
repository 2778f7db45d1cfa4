import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Kind } from './kinds.ts';
import { TooMany, type Versioned } from './port.ts';
import { columnsOf, isSame, lineOf, rowOf, type Stored, versionKey } from './row.ts';

function statementsOf(kind: Kind<unknown>) {
  const { one, table, kept } = kind;
  const { read, written, listed } = columnsOf(kind);
  const named = (name: string, text: string) => ({ name: `${table}.${name}`, text });
  return {
    list: named('list', `SELECT ${listed} FROM ${table} WHERE tenant_id = $1 ORDER BY ${one}, version`),
    of: named(
      'of',
      `SELECT ${read} FROM ${table} WHERE tenant_id = $1 AND ${one} = coalesce($2::text, ${one})
       AND (NOT $3::boolean OR status IN ('live', 'shadow')) ORDER BY ${one}, version`,
    ),
    // Held to the end of the transaction, so that a tenant's versions are given out, and moved, one after another.
    lock: named('lock', `SELECT pg_advisory_xact_lock(hashtextextended('${table} ' || $1::text, 0))`),
    newest: named(
      'newest',
      `SELECT ${read} FROM ${table} WHERE tenant_id = $1 AND ${one} = $2 ORDER BY version DESC LIMIT 1`,
    ),
    count: named(
      'count',
      `SELECT count(DISTINCT ${one})::integer AS many FROM ${table} WHERE tenant_id = $1`,
    ),
    insert: named(
      'insert',
      `INSERT INTO ${table} (${written}) VALUES ($1, $2, $3, 'candidate', $4, $5, $5) RETURNING ${read}`,
    ),
    prune: named(
      'prune',
      `DELETE FROM ${table} WHERE tenant_id = $1 AND ${one} = $2 AND status IN ('candidate', 'retired')
       AND version <= $3::integer - ${kept}`,
    ),
    move: named(
      'move',
      `UPDATE ${table} SET changed_at = CASE WHEN status = $4 THEN changed_at ELSE $5 END, status = $4
       WHERE tenant_id = $1 AND ${one} = $2 AND version = $3 RETURNING ${read}`,
    ),
    retire: named(
      'retire',
      `UPDATE ${table} SET status = 'retired', changed_at = $5
       WHERE tenant_id = $1 AND ${one} = $2 AND version <> $3 AND status = $4 AND status IN ('live', 'shadow')`,
    ),
    page: named(
      'page',
      `SELECT ${read} FROM ${table} WHERE (tenant_id, ${one}, lpad(version::text, 10, '0')) > ($1, $2, $3)
       ORDER BY tenant_id, ${one}, version LIMIT $4`,
    ),
  };
}

/** How long a change may take, repetitions included. */
const BUDGET_MS = 5_000;

/** What tenants have in versions, in PostgreSQL. */
export function postgresVersioned<Content>(postgres: Postgres, kind: Kind<Content>): Versioned<Content> {
  const sql = statementsOf(kind);
  const { most, kept, table } = kind;
  return {
    ...{ most, kept },
    list: (tenant_id, signal) => postgres.query<Omit<Stored, 'content'>>(sql.list, [tenant_id], signal),
    async of(tenant_id, { name = null, serving = false }, signal) {
      const rows = await postgres.query<Stored>(sql.of, [tenant_id, name, serving], signal);
      return rows.map((row) => rowOf(kind, row));
    },
    add({ tenant_id, name, content, at }, signal) {
      const text = JSON.stringify(content);
      return postgres.transaction(
        async (ask) => {
          await ask(sql.lock, [tenant_id]);
          const [last] = await ask<Stored>(sql.newest, [tenant_id, name]);
          if (last && isSame(last, text)) return rowOf(kind, last);
          const [tenant] = last ? [] : await ask<{ many: number }>(sql.count, [tenant_id]);
          if (tenant && tenant.many >= most) throw new TooMany(table, most);
          const version = (last?.version ?? 0) + 1;
          const [row] = await ask<Stored>(sql.insert, [tenant_id, name, version, text, at]);
          await ask(sql.prune, [tenant_id, name, version]);
          return rowOf(kind, row as Stored);
        },
        { signal, budget_ms: BUDGET_MS },
      );
    },
    move({ tenant_id, name, version, status, at }, signal) {
      const values = [tenant_id, name, version, status, at];
      return postgres.transaction(
        async (ask) => {
          await ask(sql.lock, [tenant_id]);
          const [row] = await ask<Stored>(sql.move, values);
          if (!row) return null;
          await ask(sql.retire, values);
          return rowOf(kind, row);
        },
        { signal, budget_ms: BUDGET_MS },
      );
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        const placeOf = ({ tenant_id, name, version }: Stored) => [...[tenant_id, name], versionKey(version)];
        for await (const row of pages<Stored>(ask, sql.page, placeOf, 3)) yield lineOf(kind, row);
      });
    },
  };
}
