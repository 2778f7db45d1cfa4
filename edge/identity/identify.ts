import { LRUCache } from 'lru-cache';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { bearerToken } from './bearer.ts';
import type { Verified } from './verify-token.ts';

const REMEMBERED_MS = 60_000;
const MOST_BYTES = 4 * 1024 * 1024;
const OVERHEAD_BYTES = 512;

type Remembered = { caller: Caller; until_ms: number };
type WaitUntil = (work: Promise<unknown>) => void;

/** Who asks. Throws `unauthenticated`. */
export type Identify = (headers: Headers, waitUntil: WaitUntil) => Caller | Promise<Caller>;

/**
 * Tells who asks by their token. One that was verified is believed for 60 s without looking again, so that
 * what is revoked dies within a minute, and never past its own end.
 */
export function identifier({
  verify,
  clock,
}: {
  verify: (token: string, waitUntil: WaitUntil) => Promise<Verified>;
  clock: Clock;
}): Identify {
  const remembered = new LRUCache<string, Remembered>({
    maxSize: MOST_BYTES,
    sizeCalculation: (_, token) => token.length + OVERHEAD_BYTES,
  });

  async function look(token: string, waitUntil: WaitUntil): Promise<Caller> {
    remembered.delete(token);
    const { caller, expires_ms } = await verify(token, waitUntil);
    remembered.set(token, { caller, until_ms: Math.min(clock() + REMEMBERED_MS, expires_ms) });
    return caller;
  }

  return (headers, waitUntil) => {
    const token = bearerToken(headers);
    const known = remembered.get(token);
    return known && clock() < known.until_ms ? known.caller : look(token, waitUntil);
  };
}
