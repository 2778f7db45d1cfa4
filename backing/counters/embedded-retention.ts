import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as others } from 'node:timers/promises';
import { scrub } from '../sqlite.ts';
import type { OldCounts, RemovedCounts } from './port.ts';

/** How many rows are looked at in a transaction. */
const SOME = 1_000;

/** Removes what is old of the counters, some rows at a time, letting others have their turn in between. */
export async function removeOldCounts(
  db: DatabaseSync,
  { accepted_before_month, before_ten, dry_run }: OldCounts,
  signal: AbortSignal,
): Promise<RemovedCounts> {
  const unimported = 'tenant_id NOT IN (SELECT tenant_id FROM imported)';
  const tables = {
    identities: { key: 'identity', old: 'accepted_at < ?', bound: accepted_before_month },
    tens: { key: 'tenant_id, ten, campaign_id, type', old: `ten < ? AND ${unimported}`, bound: before_ten },
  };
  const removed: RemovedCounts = { identities: 0, tens: 0 };
  for (const [table, { key, old, bound }] of Object.entries(tables)) {
    signal.throwIfAborted();
    const counted = db.prepare(`SELECT count(*) AS rows FROM ${table} WHERE ${old}`).get(bound)?.rows;
    removed[table as keyof RemovedCounts] = counted as number;
    if (dry_run) continue;
    const remove = db.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${old} LIMIT ${SOME})`,
    );
    while (remove.run(bound).changes) {
      await others();
      signal.throwIfAborted();
    }
  }
  if (!dry_run) scrub(db);
  return removed;
}
