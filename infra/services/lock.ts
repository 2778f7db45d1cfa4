import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const ASK_EVERY_MS = 200;
const SQLITE_BUSY = 5;

/**
 * Does work while no other process does work under the same name in the same folder; waits for that, and calls
 * `waiting` once if it must. The lock is SQLite's, so the system takes it back from a process that is killed.
 */
export async function alone<T>(
  {
    folder,
    name,
    signal,
    waiting,
  }: { folder: string; name: string; signal: AbortSignal; waiting: () => void },
  work: () => Promise<T>,
): Promise<T> {
  using lock = new DatabaseSync(join(folder, `${name}.lock`));
  for (let first = true; !taken(lock); first = false) {
    if (first) waiting();
    await sleep(ASK_EVERY_MS, undefined, { signal });
  }
  return await work();
}

function taken(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
