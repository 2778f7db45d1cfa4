import { createHash, randomUUID } from 'node:crypto';
import { type Dirent, mkdirSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type FolderLock, openFolderLock } from './folder-lock.ts';
import {
  checkKey,
  checkListing,
  type ListedObject,
  type Listing,
  ObjectChanged,
  ObjectExists,
  type Objects,
  ObjectsRefused,
  ObjectsUnavailable,
} from './port.ts';

/** What is being written, on the same file system as where it goes. No key begins with a dot. */
const UNFINISHED = '.unfinished';
/** No write takes so long: what is older was left by a process that was killed. */
const LEFT_BEHIND_MS = 3_600_000;

/**
 * Objects as files of a folder, which several processes may use at once. A file is written beside, synced, and
 * then linked or moved to its place, and the folder synced: killed at any moment, or without power, it has the
 * object whole or not at all. A listing holds the names of one folder at a time. Folders that have become empty
 * stay. Throws ObjectsRefused where the folder cannot be had.
 */
export function openFolderObjects({ folder }: { folder: string }): Objects {
  const root = resolve(folder);
  const unfinished = join(root, UNFINISHED);
  let lock: FolderLock;
  try {
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    removeLeftBehind(unfinished);
    lock = openFolderLock(join(root, '.lock'));
  } catch (cause) {
    throw new ObjectsRefused(`${root} cannot hold objects: make it writable, or choose another folder`, {
      cause,
    });
  }

  const pathOf = (key: string, signal: AbortSignal) => {
    checkKey(key);
    signal.throwIfAborted();
    return join(root, ...key.split('/'));
  };

  /** Writes a file beside, and lets it be placed; whatever comes of that, nothing is left beside. */
  async function place(
    path: string,
    body: Uint8Array,
    put: (from: string) => Promise<void>,
  ): Promise<string> {
    const from = join(unfinished, randomUUID());
    try {
      await writeSynced(from, body);
      await makeFolder(dirname(path));
      await put(from);
      await syncFolder(dirname(path));
    } finally {
      await rm(from, { force: true });
    }
    return etagOf(body);
  }

  return {
    get(key, signal) {
      return attempt(async () => {
        const body = await readIfThere(pathOf(key, signal), signal);
        return body && { body, etag: etagOf(body) };
      });
    },
    put(key, body, signal) {
      return attempt(() => {
        const path = pathOf(key, signal);
        return place(path, body, (from) => lock.hold(signal, () => rename(from, path)));
      });
    },
    create(key, body, signal) {
      return attempt(() => {
        const path = pathOf(key, signal);
        return place(path, body, async (from) => {
          signal.throwIfAborted();
          try {
            await link(from, path);
          } catch (error) {
            throw codeOf(error) === 'EEXIST' ? new ObjectExists(key) : error;
          }
        });
      });
    },
    replace(key, body, etag, signal) {
      return attempt(() => {
        const path = pathOf(key, signal);
        const put = async (from: string) => {
          const now = await readIfThere(path, signal);
          if (!now || etagOf(now) !== etag) throw new ObjectChanged(key);
          await rename(from, path);
        };
        return place(path, body, (from) => lock.hold(signal, () => put(from)));
      });
    },
    delete(key, signal) {
      return attempt(async () => {
        const path = pathOf(key, signal);
        try {
          await lock.hold(signal, () => unlink(path));
          await syncFolder(dirname(path));
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
      });
    },
    list(listing, signal) {
      checkListing(listing);
      return attempt(async () => {
        const found: ListedObject[] = [];
        for await (const key of keysUnder(root, '', listing, signal)) {
          const stat = await statIfThere(join(root, key));
          if (stat) found.push({ key, bytes: stat.size, modified_ms: stat.mtimeMs });
          if (found.length === listing.max) break;
        }
        return found;
      });
    },
    async close() {
      lock.close();
    },
  };
}

/** The keys of files in a folder and those below it, in their order: a folder stands where its slash puts it. */
async function* keysUnder(
  folder: string,
  above: string,
  listing: Pick<Listing, 'prefix' | 'after'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  signal.throwIfAborted();
  const { prefix, after } = listing;
  const entries = await readdir(folder, { withFileTypes: true }).catch((error): Dirent[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  const names = entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort();
  for (const name of names) {
    const key = `${above}${name}`;
    if (!name.endsWith('/')) {
      if (key.startsWith(prefix) && key > after) yield key;
      continue;
    }
    const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
    if (mayMatch && (key > after || after.startsWith(key))) {
      yield* keysUnder(join(folder, name), key, listing, signal);
    }
  }
}

const etagOf = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');

async function writeSynced(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(body);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Makes a folder and those above it that are not there, and syncs each into the one that it stands in. It may
 * have been made, and not been synced yet, by another that is writing there: so it is synced here as well.
 */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  const until = dirname(first ?? path);
  for (let at = dirname(path); ; at = dirname(at)) {
    await syncFolder(at);
    if (at === until || at === dirname(at)) return;
  }
}

function removeLeftBehind(unfinished: string): void {
  const before_ms = Date.now() - LEFT_BEHIND_MS;
  for (const name of readdirSync(unfinished)) {
    const path = join(unfinished, name);
    // Another process may be done with it by now.
    const left = statSync(path, { throwIfNoEntry: false });
    if (left && left.mtimeMs < before_ms) rmSync(path, { force: true });
  }
}

async function readIfThere(path: string, signal: AbortSignal): Promise<Uint8Array | null> {
  try {
    return await readFile(path, { signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isMissing(error)) return null;
    throw error;
  }
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const codeOf = (error: unknown) => (error as { code?: string } | null)?.code ?? '';

/** Where a folder of the key should be stands an object, or a folder where its object should be: there is none either. */
const isMissing = (error: unknown) => ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error));

/** What will pass: a full disk that somebody clears, a limit that is lifted, too many open files, a disk that did not answer. */
const PASSING = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EFBIG',
  'EIO',
  'EAGAIN',
  'EBUSY',
  'ETIMEDOUT',
]);

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const code = codeOf(cause);
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    if (PASSING.has(code)) throw new ObjectsUnavailable(`The folder of objects failed (${code})`, { cause });
    throw new ObjectsRefused(`The folder of objects cannot be used (${code}): mend it or its rights`, {
      cause,
    });
  }
}
