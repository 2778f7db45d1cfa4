import { isApiKey } from '#contract/api-key.ts';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { Lru } from '../cache/lru.ts';
import { bearerToken } from './bearer.ts';
import { unauthenticated } from './unauthenticated.ts';
import type { Verified } from './verify-token.ts';

const REMEMBERED_MS = 60_000;
const MOST_BYTES = 4 * 1024 * 1024;
const OVERHEAD_BYTES = 512;

type Remembered = { caller: Caller; until_ms: number };
type WaitUntil = (work: Promise<unknown>) => void;
type Verify = (token: string, waitUntil: WaitUntil) => Promise<Verified>;

/** Who asks. Throws `unauthenticated`, or `unavailable` where that cannot be told just now. */
export type Identify = (headers: Headers, waitUntil: WaitUntil) => Caller | Promise<Caller>;

/**
 * Tells who asks by their token or API key. One that was verified is believed for 60 s without looking again,
 * so that what is revoked dies within a minute, and never past its own end. An API key that comes with an
 * `Origin` comes from a web page, where anybody can read it: it is refused, however right it is.
 */
export function identifier({
  verifyToken,
  verifyKey,
  clock,
}: {
  verifyToken: Verify;
  verifyKey: Verify;
  clock: Clock;
}): Identify {
  const remembered = new Lru<Remembered>({
    most: MOST_BYTES,
    weigh: (_, token) => token.length + OVERHEAD_BYTES,
  });

  async function look(token: string, waitUntil: WaitUntil): Promise<Caller> {
    remembered.delete(token);
    const verify = isApiKey(token) ? verifyKey : verifyToken;
    const { caller, expires_ms } = await verify(token, waitUntil);
    remembered.set(token, { caller, until_ms: Math.min(clock() + REMEMBERED_MS, expires_ms) });
    return caller;
  }

  return (headers, waitUntil) => {
    const token = bearerToken(headers);
    if (isApiKey(token) && headers.has('Origin')) {
      throw unauthenticated('An API key is for servers, never for a web page: use a JWT of the person there');
    }
    const known = remembered.get(token);
    return known && clock() < known.until_ms ? known.caller : look(token, waitUntil);
  };
}
