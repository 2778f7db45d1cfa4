import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as others } from 'node:timers/promises';
import { scrub } from '../../sqlite.ts';
import type { DroppedMonth, OldMonths } from '../port.ts';

/** How many rows leave in a transaction. */
const SOME = 1_000;

/** Drops a version, some rows at a time, letting others have their turn in between. */
export async function dropVersion(db: DatabaseSync, id: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const removals = [
    db.prepare(`
      DELETE FROM message_vectors WHERE rowid IN (
        SELECT rowid FROM message_vectors WHERE version = ? LIMIT ${SOME})`),
    db.prepare('DELETE FROM campaign_vectors WHERE version = ?'),
    db.prepare('DELETE FROM vector_versions WHERE id = ?'),
  ];
  for (const remove of removals) {
    while (remove.run(id).changes) {
      await others();
      signal.throwIfAborted();
    }
  }
  scrub(db);
}

/** Drops old months of messages, some rows at a time, letting others have their turn in between. */
export async function dropOldMonths(
  db: DatabaseSync,
  { month, accepted_before, dry_run }: OldMonths,
  signal: AbortSignal,
): Promise<DroppedMonth[]> {
  signal.throwIfAborted();
  const find = db.prepare(`
    SELECT version, substr(occurred_at, 1, 7) AS month, count(*) AS messages FROM message_vectors
    WHERE occurred_at < ? GROUP BY 1, 2 HAVING max(accepted_at) < ? ORDER BY 1, 2`);
  const remove = db.prepare(`
    DELETE FROM message_vectors WHERE rowid IN (
      SELECT rowid FROM message_vectors
      WHERE version = ? AND occurred_at >= ? AND occurred_at < ? AND accepted_at < ? LIMIT ${SOME})`);
  const dropped = find.all(month, accepted_before).map((row) => ({ ...row }) as DroppedMonth);
  if (dry_run) return dropped;
  for (const one of dropped) {
    // A month sorts before its own moments, and with a tilde after them.
    while (remove.run(one.version, one.month, `${one.month}~`, accepted_before).changes) {
      await others();
      signal.throwIfAborted();
    }
  }
  scrub(db);
  return dropped;
}
