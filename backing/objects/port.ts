/** An object's bytes, and the tag that changes with them. */
type StoredObject = { body: Uint8Array; etag: string };

/** An object of a listing; `modified_ms` is when it was written, by the clock of the store. */
export type ListedObject = { key: string; bytes: number; modified_ms: number };

export type Listing = {
  /** What the keys begin with; empty for all. */
  prefix: string;
  /** Only keys that come after this one, which need not be there; empty for all. */
  after: string;
  /** The most to be given at once, 1 to 1000. */
  max: number;
};

/** An object of that key is there already. Nothing was written. */
export class ObjectExists extends Error {
  readonly code = 'object_exists';
  readonly retryable = false;
  constructor(key: string) {
    super(`There is an object ${key} already`);
  }
}

/** The object is no longer the one with that tag, or is gone. Nothing was written. */
export class ObjectChanged extends Error {
  readonly code = 'object_changed';
  readonly retryable = false;
  constructor(key: string) {
    super(`The object ${key} has changed since it was read`);
  }
}

/** The store cannot be reached, or has no room just now. What was to be written may have been written. */
export class ObjectsUnavailable extends Error {
  readonly code = 'objects_unavailable';
  readonly retryable = true;
}

/** The store will not do what it was asked, however often: a key, a right, a name or the disk is wrong. */
export class ObjectsRefused extends Error {
  readonly code = 'objects_refused';
  readonly retryable = false;
}

/**
 * Objects by key: whole bytes, written and read at once. What a write resolved for is durable, and what is read
 * or listed after it has it. A key is one to 16 names with slashes between (see `checkKey`), and no key may be
 * another with a slash and more after it: some stores keep folders. Everything here also throws
 * ObjectsUnavailable, ObjectsRefused or the signal's reason; a write that ended so may have been done.
 */
export interface Objects {
  /** An object, or null where there is none. */
  get(key: string, signal: AbortSignal): Promise<StoredObject | null>;
  /** Writes an object in the place of whatever is there. Its tag. */
  put(key: string, body: Uint8Array, signal: AbortSignal): Promise<string>;
  /**
   * Writes an object where there is none: of many at once, one does. Its tag. Throws ObjectExists, but not
   * for what the same call wrote before its answer was lost.
   */
  create(key: string, body: Uint8Array, signal: AbortSignal): Promise<string>;
  /** Writes an object in the place of the one with that tag: of many at once, one does. Its tag. Throws ObjectChanged. */
  replace(key: string, body: Uint8Array, etag: string, signal: AbortSignal): Promise<string>;
  /** Deletes an object, if it is there. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** The objects there are, by key in the order of their bytes. Fewer than `max` are all that is left. */
  list(listing: Listing, signal: AbortSignal): Promise<ListedObject[]>;
  close(): Promise<void>;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}$/;
const MOST_NAMES = 16;

/**
 * Throws ObjectsRefused for what is no key. A name is 1 to 200 letters, digits, and `_`, `.`, `=`, `-`, begins with
 * none of the last three: so no key leads out of a folder, and none needs to be escaped in a path or an address.
 */
export function checkKey(key: string): void {
  const names = key.split('/');
  if (names.length <= MOST_NAMES && names.every((name) => NAME.test(name))) return;
  throw new ObjectsRefused(
    `${JSON.stringify(key.slice(0, 300))} is no key: use names of letters, digits and _.=- with slashes between`,
  );
}

/** Throws RangeError unless so many can be listed at once. */
export function checkListing({ max }: Listing): void {
  if (!(Number.isInteger(max) && max >= 1 && max <= 1000))
    throw new RangeError('A page of a listing has 1 to 1000 objects: mend max');
}

/** All objects under a prefix, page by page. */
export async function* listAll(
  objects: Objects,
  prefix: string,
  signal: AbortSignal,
  after = '',
): AsyncGenerator<ListedObject> {
  const max = 1000;
  for (let last = after; ; ) {
    const page = await objects.list({ prefix, after: last, max }, signal);
    yield* page;
    if (page.length < max) return;
    last = (page.at(-1) as ListedObject).key;
  }
}
