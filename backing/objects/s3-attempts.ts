import { setTimeout as sleep } from 'node:timers/promises';
import { BACKOFF, delayAfter } from '../log/backoff.ts';
import { ObjectsUnavailable } from './port.ts';
import { codedError } from './s3-errors.ts';

export type Bounds = {
  /** How long one attempt may take, all of its body included. */
  attempt_ms: number;
  /** How often something is tried before it fails. */
  attempts: number;
};

const PATIENCE = { ...BACKOFF, base_ms: 50, max_ms: 2_000 };

/**
 * Tries something a few times, each within its own deadline, while it fails in a way that may pass. It is told
 * whether an earlier attempt may have been done though it failed. Rejects with a coded error, or with the signal's
 * reason at once.
 */
export function attempts({ attempt_ms, attempts: most }: Bounds, where: string) {
  return async <T>(
    signal: AbortSignal,
    run: (limit: AbortSignal, isInDoubt: boolean) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const deadline = AbortSignal.timeout(attempt_ms);
      try {
        return await run(AbortSignal.any([signal, deadline]), attempt > 1);
      } catch (error) {
        signal.throwIfAborted();
        const coded = deadline.aborted
          ? new ObjectsUnavailable(`${where} took longer than ${attempt_ms} ms`)
          : codedError(error, where);
        if (attempt >= most || !(coded as { retryable?: boolean }).retryable) throw coded;
      }
      await sleep(delayAfter(attempt, PATIENCE), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };
}
