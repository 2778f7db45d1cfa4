import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as others } from 'node:timers/promises';
import { scrub, transaction } from '../sqlite.ts';
import type { OldEdges, RemovedEdges } from './port.ts';

/** How many edges leave in a transaction. */
const SOME = 1_000;

/** By the primary key of each kind. What answers goes before what is answered, which stays for as long as it is. */
const KINDS = [
  { kind: 'answered', key: 'tenant_id, user_id, day, message_id', unless: '' },
  { kind: 'engaged', key: 'tenant_id, user_id, day, campaign_id', unless: '' },
  { kind: 'replied', key: 'tenant_id, user_id, day, other_id', unless: '' },
  {
    kind: 'wrote',
    key: 'tenant_id, message_id, user_id',
    unless: `AND NOT EXISTS (
      SELECT 1 FROM answered WHERE answered.tenant_id = wrote.tenant_id AND answered.message_id = wrote.message_id)`,
  },
] as const;

/** Removes old edges from the graph's sets, letting others have their turn in between. */
export async function removeOld(
  db: DatabaseSync,
  { day, accepted_before, dry_run }: OldEdges,
  signal: AbortSignal,
): Promise<RemovedEdges> {
  const removed: RemovedEdges = { answered: 0, engaged: 0, replied: 0, wrote: 0 };
  for (const { kind, key, unless } of KINDS) {
    const width = key.split(', ').length;
    const old = `(${key}) > (${Array(width).fill('?').join(', ')}) AND day < ? AND accepted_at < ? ${unless}`;
    const find = db.prepare(`SELECT ${key} FROM ${kind} WHERE ${old} ORDER BY ${key} LIMIT ${SOME}`);
    const one = key.replaceAll(', ', ' = ? AND ');
    const remove = db.prepare(`DELETE FROM ${kind} WHERE ${one} = ?`);
    for (let after: string[] = Array(width).fill(''); ; await others()) {
      signal.throwIfAborted();
      const rows = transaction(db, () => {
        const found = find.all(...after, day, accepted_before).map((row) => Object.values(row) as string[]);
        if (!dry_run) for (const row of found) remove.run(...row);
        return found;
      });
      removed[kind] += rows.length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < SOME) break;
      after = last;
    }
  }
  if (!dry_run) scrub(db);
  return removed;
}
