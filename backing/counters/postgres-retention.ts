import type { Postgres } from '../postgres/open.ts';
import type { OldCounts, RemovedCounts } from './port.ts';

const OLD_IDENTITIES = {
  name: 'counters.old-identities',
  text: "SELECT count(*)::float8 AS rows FROM identities WHERE accepted_at < ($1::text || '-01T00:00:00Z')::timestamptz",
};
const PARTITIONS = {
  name: 'counters.identity-partitions',
  text: `
    SELECT child.relname AS name FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'identities'::regclass ORDER BY 1`,
};
const OLD_TENS = {
  name: 'counters.old-tens',
  text: `
    SELECT count(*)::float8 AS rows FROM tens
    WHERE ten < $1 AND NOT EXISTS (SELECT FROM imported WHERE imported.tenant_id = tens.tenant_id)`,
};
const REMOVE_TENS = {
  name: 'counters.remove-tens',
  text: `
    DELETE FROM tens WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM tens
      WHERE ten < $1 AND NOT EXISTS (SELECT FROM imported WHERE imported.tenant_id = tens.tenant_id) LIMIT 5000))
      AND ten < $1
    RETURNING 1 AS one`,
};
/** A month's partition, by the name that `make_identities_partition` gives it. */
const PARTITION = /^identities_(\d{4})_(\d\d)$/;

/** Drops the partitions of old identities, and removes old counts some rows a transaction. */
export async function removeOldCounts(
  postgres: Postgres,
  { accepted_before_month, before_ten, dry_run }: OldCounts,
  signal: AbortSignal,
): Promise<RemovedCounts> {
  type Counted = { rows: number };
  const [identities] = await postgres.query<Counted>(OLD_IDENTITIES, [accepted_before_month], signal);
  const [tens] = await postgres.query<Counted>(OLD_TENS, [before_ten], signal);
  const removed = { identities: identities?.rows ?? 0, tens: tens?.rows ?? 0 };
  if (dry_run) return removed;
  for (const { name } of await postgres.query<{ name: string }>(PARTITIONS, [], signal)) {
    const [, year, month] = PARTITION.exec(name) ?? [];
    if (!year || `${year}-${month}` >= accepted_before_month) continue;
    const drop = async (ask: (statement: string) => Promise<unknown>) => {
      // Whoever writes waits behind this, so it gives way itself where it cannot have the lock at once.
      await ask("SET LOCAL lock_timeout = '2s'");
      await ask(`DROP TABLE IF EXISTS ${name}`);
    };
    await postgres.transaction((ask) => drop((statement) => ask(statement)), { signal });
  }
  for (;;) {
    const gone = await postgres.write(REMOVE_TENS, [before_ten], signal);
    if (gone.length === 0) return removed;
  }
}
