import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The format of the data folders written now. A folder of this one or an earlier one can be opened. */
const FORMAT = 1;

/** Another process has the data folder open. */
export class FolderInUse extends Error {
  readonly code = 'folder_in_use';
  readonly retryable = true;
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `${folder} is in use by another process: stop that one first, or choose another data folder`,
      options,
    );
  }
}

/** The data folder was written by a newer version of Edgewise. */
export class FolderTooNew extends Error {
  readonly code = 'folder_too_new';
  readonly retryable = false;
  constructor(folder: string, format: number) {
    super(
      `${folder} has format ${format}; this build reads up to ${FORMAT}: upgrade it, or choose another folder`,
    );
  }
}

/** The path cannot be used as a data folder. */
export class FolderUnusable extends Error {
  readonly code = 'folder_unusable';
  readonly retryable = false;
}

/** A data folder that this process alone has open. */
export type Folder = {
  /** Where the file of that name stands. */
  path(name: string): string;
  /** Lets other processes open the folder. Close what stands in it first. */
  close(): void;
};

/**
 * Opens a data folder, made for its owner alone (mode 700) if it is not there yet, and keeps every other
 * opening out until it is closed or the process dies, however it dies.
 * Throws FolderInUse, FolderTooNew or FolderUnusable.
 */
export function openFolder(path: string): Folder {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FolderUnusable(`${folder} cannot be made a folder: choose another data folder`, { cause });
  }
  const lock = hold(folder);
  try {
    checkFormat(folder);
  } catch (error) {
    lock.close();
    throw error;
  }
  return { path: (name) => join(folder, name), close: () => lock.close() };
}

/**
 * The lock is a transaction that never ends. The system drops it with the process, so nothing stale can be
 * left. Nobody may open the file `lock` by other means in this process: closing it would drop the lock (POSIX).
 */
function hold(folder: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (isBusy(cause)) throw new FolderInUse(folder, { cause });
    throw new FolderUnusable(`${folder} cannot be locked: make it writable, or choose another folder`, {
      cause,
    });
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
}

function checkFormat(folder: string): void {
  const file = join(folder, 'format');
  const text = readIfThere(file);
  if (text === null) {
    writeFileSync(`${file}.new`, `${FORMAT}\n`, { flush: true });
    renameSync(`${file}.new`, file);
    return;
  }
  const format = Number(text);
  if (!Number.isInteger(format) || format < 1) {
    throw new FolderUnusable(`${file} does not hold a format number: restore it, or choose another folder`);
  }
  if (format > FORMAT) throw new FolderTooNew(folder, format);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}
