import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import { MOST_PLACEMENTS, type Placements, TooManyPlacements, VERSIONS_KEPT } from './port.ts';
import { COLUMNS, isSame, lineOf, placementOf, type StoredPlacement, versionKey } from './row.ts';

const OF = {
  name: 'placements.of',
  text: `SELECT ${COLUMNS} FROM placements WHERE tenant_id = $1 ORDER BY placement, version`,
};
/** Held to the end of the transaction, so that a tenant's versions are given out, and moved, one after another. */
const LOCK = {
  name: 'placements.lock',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('placements ' || $1::text, 0))`,
};
const NEWEST = {
  name: 'placements.newest',
  text: `
    SELECT ${COLUMNS} FROM placements WHERE tenant_id = $1 AND placement = $2 ORDER BY version DESC LIMIT 1`,
};
const COUNT = {
  name: 'placements.count',
  text: 'SELECT count(DISTINCT placement)::integer AS many FROM placements WHERE tenant_id = $1',
};
const INSERT = {
  name: 'placements.insert',
  text: `
    INSERT INTO placements (${COLUMNS}) VALUES ($1, $2, $3, 'candidate', $4, $5, $5) RETURNING ${COLUMNS}`,
};
const PRUNE = {
  name: 'placements.prune',
  text: `
    DELETE FROM placements WHERE tenant_id = $1 AND placement = $2 AND status IN ('candidate', 'retired')
    AND version <= $3::integer - ${VERSIONS_KEPT}`,
};
const MOVE = {
  name: 'placements.move',
  text: `
    UPDATE placements SET changed_at = CASE WHEN status = $4 THEN changed_at ELSE $5 END, status = $4
    WHERE tenant_id = $1 AND placement = $2 AND version = $3 RETURNING ${COLUMNS}`,
};
const RETIRE = {
  name: 'placements.retire',
  text: `
    UPDATE placements SET status = 'retired', changed_at = $5
    WHERE tenant_id = $1 AND placement = $2 AND version <> $3 AND status = $4 AND status IN ('live', 'shadow')`,
};
const PAGE = {
  name: 'placements.page',
  text: `
    SELECT ${COLUMNS} FROM placements WHERE (tenant_id, placement, lpad(version::text, 10, '0')) > ($1, $2, $3)
    ORDER BY tenant_id, placement, version LIMIT $4`,
};

/** How long a change may take, repetitions included. */
const BUDGET_MS = 5_000;

/** Placements in PostgreSQL. */
export function postgresPlacements(postgres: Postgres): Placements {
  return {
    async of(tenant_id, signal) {
      return (await postgres.query<StoredPlacement>(OF, [tenant_id], signal)).map(placementOf);
    },
    add({ tenant_id, placement, content, at }, signal) {
      const text = JSON.stringify(content);
      return postgres.transaction(
        async (ask) => {
          await ask(LOCK, [tenant_id]);
          const [last] = await ask<StoredPlacement>(NEWEST, [tenant_id, placement]);
          if (last && isSame(last, text)) return placementOf(last);
          const [tenant] = last ? [] : await ask<{ many: number }>(COUNT, [tenant_id]);
          if (tenant && tenant.many >= MOST_PLACEMENTS) throw new TooManyPlacements();
          const version = (last?.version ?? 0) + 1;
          const [row] = await ask<StoredPlacement>(INSERT, [tenant_id, placement, version, text, at]);
          await ask(PRUNE, [tenant_id, placement, version]);
          return placementOf(row as StoredPlacement);
        },
        { signal, budget_ms: BUDGET_MS },
      );
    },
    move({ tenant_id, placement, version, status, at }, signal) {
      const values = [tenant_id, placement, version, status, at];
      return postgres.transaction(
        async (ask) => {
          await ask(LOCK, [tenant_id]);
          const [row] = await ask<StoredPlacement>(MOVE, values);
          if (!row) return null;
          await ask(RETIRE, values);
          return placementOf(row);
        },
        { signal, budget_ms: BUDGET_MS },
      );
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        const placeOf = ({ tenant_id, placement, version }: StoredPlacement) => [
          ...[tenant_id, placement],
          versionKey(version),
        ];
        for await (const row of pages<StoredPlacement>(ask, PAGE, placeOf, 3)) yield lineOf(row);
      });
    },
  };
}
