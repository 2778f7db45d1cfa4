import { Redis } from '@upstash/redis/cloudflare';
import type { Answer } from '#contract/answer.ts';
import { type KeyCopy, keyCopyKey, unpackKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import type { Epochs } from '#contract/epoch.ts';
import { epochKey, FLOOR_KEY, packAnswer, readEpochs, unpackAnswer } from '#contract/kept-answer.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';
import type { Breaker } from '../breaker.ts';
import { type Subject, sharedKey } from './subject.ts';

/** Redis could not be asked, not in time, or not understood. */
class RedisUnavailable extends Error {
  readonly code = 'redis_unavailable';
  readonly retryable = true;
}

/** What the origin keeps in Redis: answers, epochs and copies of API keys. Rejects with RedisUnavailable. */
export type RedisTier = {
  /** Both epochs as they are now, and the answer kept under the key, whatever its epochs: one round trip. */
  get(subject: Subject): Promise<{ epochs: Epochs; answer: Answer | null }>;
  /** Gives Redis back an answer that it has lost. One that it has stays: the origin knows better. */
  restore(subject: Subject, answer: Answer): Promise<void>;
  /** The copy of the API key with an id; null where there is none that is to be believed. */
  key(key_id: string): Promise<KeyCopy | null>;
};

/** How Redis is reached: the address and the token of its REST API. */
export type RedisAddress = { url: string; token: string };

/** An epoch as it stands there; null where there is none. Throws at anything else. */
function epochText(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && /^\d{1,16}$/.test(value))) return value;
  throw new TypeError('An epoch is a whole number');
}

export function redisTier({
  url,
  token,
  deadline_ms,
  clock,
}: RedisAddress & { deadline_ms: number; clock: Clock }): RedisTier {
  const redis = new Redis({
    url,
    token,
    // Who asks has better to do than to wait for it a second time.
    retry: { retries: 0 },
    // A fixed signal would be over for good after its first time-out.
    signal: () => AbortSignal.timeout(deadline_ms),
    enableTelemetry: false,
    // Requests that share a call would wait for one another.
    enableAutoPipelining: false,
    readYourWrites: false,
    // What is kept is text, and JSON carries text as it is.
    automaticDeserialization: false,
    responseEncoding: false,
  });

  /** The client's own errors hold the command, keys and values and all, and go nowhere. */
  async function asked<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch {
      throw new RedisUnavailable('Redis could not be asked, not in time, or not understood');
    }
  }

  /** The floor where Redis has none, set by whoever misses it first. */
  async function newFloor(): Promise<string | null> {
    await redis.set(FLOOR_KEY, String(clock()), { nx: true });
    return epochText(await redis.get(FLOOR_KEY));
  }

  return {
    get: (subject) =>
      asked(async () => {
        const { tenant_id, user_id } = subject;
        const keys = [
          epochKey(tenant_id, user_id),
          epochKey(tenant_id, null),
          FLOOR_KEY,
          await sharedKey(subject),
        ];
        const values: unknown = await redis.mget(keys);
        if (!Array.isArray(values) || values.length !== keys.length)
          throw new TypeError('Not what was asked for');
        const [user, tenant] = [epochText(values[0]), epochText(values[1])];
        const floor = epochText(values[2]) ?? (await newFloor());
        if (floor === null) throw new TypeError('There is no floor');
        const text: unknown = values[3];
        return {
          epochs: readEpochs(user, tenant, Number(floor), user_id === null),
          answer: unpackAnswer(typeof text === 'string' ? text : null, ANSWER_FORMAT, clock()),
        };
      }),

    async restore(subject, answer) {
      const left_ms = Math.floor(answer.until_ms - clock());
      // A degraded one could stand in the way of the good one that is to come.
      if (left_ms <= 0 || answer.degraded.length > 0) return;
      await asked(async () =>
        redis.set(await sharedKey(subject), packAnswer(answer), { nx: true, px: left_ms }),
      );
    },

    async key(key_id) {
      const text: unknown = await asked(() => redis.get(keyCopyKey(key_id)));
      return unpackKey(typeof text === 'string' ? text : null, clock());
    },
  };
}

/** The tier behind a breaker: a lost Redis costs a few waits, then none. Rejects with BreakerOpen as well. */
export function guardedRedis(tier: RedisTier, breaker: Breaker): RedisTier {
  return {
    get: (subject) => breaker.run(() => tier.get(subject)),
    restore: (subject, answer) => breaker.run(() => tier.restore(subject, answer)),
    key: (key_id) => breaker.run(() => tier.key(key_id)),
  };
}
