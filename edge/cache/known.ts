import type { Answer } from '#contract/answer.ts';
import type { EpochReader, Epochs } from '#contract/epoch.ts';
import { BreakerOpen } from '../breaker.ts';
import { type Log, traceOf } from '../log.ts';
import type { RedisTier } from './redis.ts';
import type { Subject } from './subject.ts';

/** What who knows the epochs says: the epochs, and the answer kept there. */
export type Known = { epochs: Epochs; answer: Answer | null; from: 'redis' | 'origin' };

/** Asks who knows the epochs. Each gives null where it cannot tell, and the log says why. */
export function knowing({ redis, epochs, log }: { redis: RedisTier | null; epochs: EpochReader; log: Log }) {
  return {
    async askRedis(subject: Subject): Promise<Known | null> {
      if (!redis) return null;
      try {
        return { ...(await redis.get(subject)), from: 'redis' };
      } catch (error) {
        if (!(error instanceof BreakerOpen)) log({ level: 'warn', event: 'redis_failed', ...traceOf(error) });
        return null;
      }
    },

    async askEpochs({ tenant_id, user_id }: Subject, left_ms: number): Promise<Known | null> {
      if (left_ms <= 0) return null;
      try {
        const now = await epochs.read(tenant_id, user_id, AbortSignal.timeout(left_ms));
        return { epochs: now, answer: null, from: 'origin' };
      } catch {
        log({ level: 'warn', event: 'epochs_unknown' });
        return null;
      }
    },
  };
}
