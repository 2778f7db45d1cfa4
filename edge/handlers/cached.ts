import type { Clock } from '#contract/clock.ts';
import type { AnswerCache } from '../cache/answers.ts';
import { cacheStatus } from '../cache/cache-status.ts';
import { ageOf } from '../cache/policy.ts';
import type { Origin } from '../origin.ts';
import { answerResponse, passedOn } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
import { traceparent } from '../traceparent.ts';
import type { Asked } from './handler.ts';

/** What a cached answer is kept under, and where it is had. `user_id` is null where it rests on the tenant alone. */
type Wanted = { key: string; user_id: string | null; path: string };

/** Answers from the cache, or from the origin by way of it. */
export type Cached = (asked: Asked, wanted: Wanted) => Promise<Response>;

export function cachedAnswers({
  cache,
  origin,
  clock,
  budget_ms,
}: {
  cache: AnswerCache;
  origin: Origin;
  clock: Clock;
  budget_ms: number;
}): Cached {
  return async ({ request, caller, auth_ms, waitUntil }, { key, user_id, path }) => {
    const load = (deadline_ms: number) =>
      origin({ method: 'GET', path, caller, traceparent: traceparent(request.headers), deadline_ms });
    const subject = { key, tenant_id: caller.tenant_id, user_id };
    const served = await cache.answer(subject, load, { waitUntil, budget_ms });
    const { entry, reply, epochs_ms, origin_ms } = served;
    if (reply?.kind === 'problem') return passedOn(reply);
    const { body, etag } = (entry?.answer ?? reply) as { body: string; etag: string | null };
    const now_ms = clock();
    return answerResponse(request, body, etag, {
      cache_status: cacheStatus(served, now_ms),
      age_s: entry ? ageOf(entry, now_ms) : null,
      server_timing: serverTiming({ auth_ms, cache_ms: epochs_ms, origin_ms }),
    });
  };
}
