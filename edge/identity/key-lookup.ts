import { KEYS_PATH, type KeyCopy, NOBODY_YET, unpackKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { readBytes } from '../body.ts';
import { BreakerOpen } from '../breaker.ts';
import type { RedisTier } from '../cache/redis.ts';
import { type Log, traceOf } from '../log.ts';
import { type SignedFetch, unavailable } from '../signed-fetch.ts';

/** What is kept of the key with an id; null where there is none. Throws `out-of-time` or `unavailable`. */
export type KeyLookup = (key_id: string) => Promise<KeyCopy | null>;

const DEADLINE_MS = 500;
const MOST_BYTES = 4096;

/** Looks keys up at the origin. */
export function originKeys({ send, clock }: { send: SignedFetch; clock: Clock }): KeyLookup {
  async function copyOf(response: Response): Promise<KeyCopy | null> {
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    const text = new TextDecoder().decode(await readBytes(response.body, MOST_BYTES));
    const copy = response.status === 200 ? unpackKey(text, clock()) : null;
    if (!copy) throw unavailable('API keys cannot be looked up just now; try again');
    return copy;
  }

  return (key_id) =>
    send(
      { method: 'GET', path: `${KEYS_PATH}/${key_id}`, caller: NOBODY_YET, deadline_ms: DEADLINE_MS },
      copyOf,
    );
}

/**
 * Looks keys up in Redis first, where the origin leaves a copy of each that was lately read or changed; at the origin where
 * there is none that is to be believed, or Redis fails. A copy is no older than the origin would say, or it is not believed.
 */
export function copiedKeys({
  redis,
  origin,
  log,
}: {
  redis: Pick<RedisTier, 'key'>;
  origin: KeyLookup;
  log: Log;
}): KeyLookup {
  return async (key_id) => {
    const copy = await redis.key(key_id).catch((error) => {
      if (!(error instanceof BreakerOpen)) log({ level: 'warn', event: 'redis_failed', ...traceOf(error) });
      return null;
    });
    return copy?.key.key_id === key_id ? copy : origin(key_id);
  };
}
