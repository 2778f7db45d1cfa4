import { LRUCache } from 'lru-cache';
import { orAborted } from '#backing/or-aborted.ts';
import type { Clock } from '#contract/clock.ts';

/** What was read, the epoch that it was asked for under, and when (wall clock). */
export type LastRead<Value> = { value: Value; epoch: number; read_ms: number };

/**
 * What is to become of what is held: it is answered with; it is, and read again behind the answer; or it is read again
 * first.
 */
export type Standing = 'fresh' | 'behind' | 'first';

/** It could not be read a moment ago, or is being read for longer than anybody waits. */
class NotReadYet extends Error {
  readonly code = 'not_read_yet';
  readonly retryable = true;
}

/** After a failure it is tried again so much later. */
const RETRY_MS = 500;
/** How long a read may take; those who wait for it give up on their own time. */
const READ_MS = 5_000;

type Reading<Value> = { begun_ms: number; read: Promise<LastRead<Value>> };

/**
 * Values as last read, of so many keys. One is read once for all who ask at a time; and where that fails, or goes on for
 * longer than `patience_ms`, nobody else waits for it: they are told at once, and can take what is held.
 */
export function lastRead<Value>(options: {
  most: number;
  clock: Clock;
  patience_ms: number;
  /** Told of a read that failed. */
  onError(error: unknown): void;
}) {
  const { most, clock, patience_ms, onError } = options;
  const held = new LRUCache<string, LastRead<Value>>({ max: most });
  const failed = new LRUCache<string, number>({ max: most });
  const underWay = new Map<string, Reading<Value>>();

  function read(key: string, epoch: number, from: (signal: AbortSignal) => Promise<Value>): Reading<Value> {
    const flight = `${epoch} ${key}`;
    const known = underWay.get(flight);
    if (known) return known;
    const begun_ms = clock();
    const reading = async () => {
      try {
        const value = await from(AbortSignal.timeout(READ_MS));
        const fresh = { value, epoch, read_ms: begun_ms };
        if ((held.peek(key)?.read_ms ?? Number.NEGATIVE_INFINITY) <= begun_ms) held.set(key, fresh);
        failed.delete(key);
        return fresh;
      } catch (error) {
        failed.set(key, clock());
        onError(error);
        throw error;
      } finally {
        underWay.delete(flight);
      }
    };
    const begun = { begun_ms, read: reading() };
    begun.read.catch(() => {});
    underWay.set(flight, begun);
    return begun;
  }

  return {
    /** As it stands now. Rejects where it has to be read first and cannot be, or with the signal's reason. */
    async get(
      key: string,
      epoch: number,
      asked: {
        read: (signal: AbortSignal) => Promise<Value>;
        standing: (last: LastRead<Value>) => Standing;
        signal: AbortSignal;
      },
    ): Promise<LastRead<Value>> {
      const last = held.get(key);
      const standing = last ? asked.standing(last) : 'first';
      if (last && standing === 'fresh') return last;
      const waited_ms = clock() - (failed.get(key) ?? Number.NEGATIVE_INFINITY);
      const resting = last !== undefined && waited_ms >= 0 && waited_ms < RETRY_MS;
      if (last && standing === 'behind') {
        if (!resting) read(key, epoch, asked.read);
        return last;
      }
      if (resting) throw new NotReadYet('It could not be read a moment ago');
      const reading = read(key, epoch, asked.read);
      if (last && clock() - reading.begun_ms > patience_ms)
        throw new NotReadYet('It is being read for longer than anybody waits');
      return orAborted(reading.read, asked.signal);
    },
    /** As last read, however long ago; null where it never was. */
    last: (key: string): LastRead<Value> | null => held.get(key) ?? null,
  };
}
