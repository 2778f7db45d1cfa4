import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { bookmarkOf } from '../bookmark.ts';
import type { AnswerCache } from '../cache/answers.ts';
import { cacheStatus } from '../cache/cache-status.ts';
import { ageOf } from '../cache/policy.ts';
import type { Origin } from '../origin.ts';
import type { Wanted as Popular, StandIn } from '../popular/stand-in.ts';
import { answerResponse, passedOn } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
import { traceparent } from '../traceparent.ts';
import type { Asked } from './handler.ts';
import { originFailed, popularInstead } from './instead.ts';

/** What a cached answer is kept under, and where it is had. `user_id` is null where it rests on the tenant alone. */
export type Wanted = {
  key: string;
  user_id: string | null;
  path: string;
  /** What stands in for it where the origin fails and nothing is kept. */
  popular: Popular;
};

/** Answers from the cache, or from the origin by way of it. */
export type Cached = (asked: Asked, wanted: Wanted) => Promise<Response>;

export function cachedAnswers({
  cache,
  origin,
  standIn,
  clock,
  budget_ms,
}: {
  cache: AnswerCache;
  origin: Origin;
  standIn: StandIn;
  clock: Clock;
  budget_ms: number;
}): Cached {
  return async (asked, { key, user_id, path, popular }) => {
    const { request, caller, auth_ms, waitUntil } = asked;
    const bookmark = bookmarkOf(request.headers);
    const load = (deadline_ms: number) =>
      origin({
        method: 'GET',
        path,
        caller,
        traceparent: traceparent(request.headers),
        deadline_ms,
        bookmark,
      });
    const subject = { key, tenant_id: caller.tenant_id, user_id };
    const begun_ms = clock();
    let problem: Problem | null = null;
    // What is kept may be of before the bookmark, and nothing here tells.
    const give = bookmark === null ? cache.answer : cache.renew;
    const served = await give(subject, load, { waitUntil, budget_ms }).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      problem = error;
      return null;
    });
    if (originFailed(problem ?? served?.reply ?? null)) {
      const instead = await popularInstead(
        standIn,
        asked,
        { ...popular, pending: bookmark !== null },
        clock() - begun_ms,
      );
      if (instead) return instead;
    }
    if (!served) throw problem;
    const { entry, reply, cache_ms, origin_ms } = served;
    if (reply?.kind === 'problem') return passedOn(reply);
    const { body, etag } = (entry?.answer ?? reply) as { body: string; etag: string | null };
    const now_ms = clock();
    return answerResponse(request, body, etag, {
      cache_status: cacheStatus(served, now_ms),
      age_s: entry ? ageOf(entry, now_ms) : null,
      server_timing: serverTiming({ auth_ms, cache_ms, origin_ms }),
    });
  };
}
