import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectsUnavailable } from './port.ts';

export type FolderLock = {
  /**
   * Runs something while no other call, of this process or of another, holds the lock. Throws the signal's
   * reason, or ObjectsUnavailable where others hold it for too long.
   */
  hold<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T>;
  close(): void;
};

const SQLITE_BUSY = 5;
const [WAIT_MS, LONGEST_MS] = [2, 10_000];

/** A lock over processes, which the system drops with the process that holds it: a transaction on an empty database. */
export function openFolderLock(file: string): FolderLock {
  const db = new DatabaseSync(file, { timeout: 0 });
  /** Those of this process take turns. */
  let last: Promise<unknown> = Promise.resolve();

  async function begin(signal: AbortSignal): Promise<void> {
    const until = performance.now() + LONGEST_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        db.exec('BEGIN EXCLUSIVE');
        return;
      } catch (cause) {
        if (((cause as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY) throw cause;
        if (performance.now() > until)
          throw new ObjectsUnavailable('Another process holds the folder of objects', { cause });
      }
      await sleep(WAIT_MS);
    }
  }

  async function alone<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    await begin(signal);
    try {
      return await run();
    } finally {
      db.exec('ROLLBACK');
    }
  }

  return {
    hold(signal, run) {
      const turn = last.then(() => alone(signal, run));
      last = turn.catch(() => {});
      return turn;
    },
    close: () => db.close(),
  };
}
