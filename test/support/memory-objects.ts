import { createHash } from 'node:crypto';
import {
  checkKey,
  checkListing,
  type ListedObject,
  ObjectChanged,
  ObjectExists,
  type Objects,
} from '#backing/objects/port.ts';

/** Objects in memory, for tests that open many stores; `again` is the same store. It holds to the port's contract. */
export function memoryObjects(): Objects & { again(): Objects } {
  const bodies = new Map<string, Uint8Array>();
  const etagOf = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');
  const check = (key: string, signal: AbortSignal) => {
    checkKey(key);
    signal.throwIfAborted();
  };
  const set = (key: string, body: Uint8Array) => {
    bodies.set(key, body.slice());
    return etagOf(body);
  };
  const objects: Objects = {
    async get(key, signal) {
      check(key, signal);
      const body = bodies.get(key);
      return body ? { body: body.slice(), etag: etagOf(body) } : null;
    },
    async put(key, body, signal) {
      check(key, signal);
      return set(key, body);
    },
    async create(key, body, signal) {
      check(key, signal);
      if (bodies.has(key)) throw new ObjectExists(key);
      return set(key, body);
    },
    async replace(key, body, etag, signal) {
      check(key, signal);
      const now = bodies.get(key);
      if (!now || etagOf(now) !== etag) throw new ObjectChanged(key);
      return set(key, body);
    },
    async delete(key, signal) {
      check(key, signal);
      bodies.delete(key);
    },
    async list(listing, signal) {
      checkListing(listing);
      signal.throwIfAborted();
      const { prefix, after, max } = listing;
      const keys = [...bodies.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      return keys.slice(0, max).map((key): ListedObject => {
        const { byteLength } = bodies.get(key) as Uint8Array;
        return { key, bytes: byteLength, modified_ms: Date.now() };
      });
    },
    async close() {},
  };
  return { ...objects, again: () => objects };
}
