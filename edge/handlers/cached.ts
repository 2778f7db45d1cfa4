import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { bookmarkOf } from '../bookmark.ts';
import type { AnswerCache, Served } from '../cache/answers.ts';
import { cacheStatus } from '../cache/cache-status.ts';
import { ageOf } from '../cache/policy.ts';
import type { Origin } from '../origin.ts';
import type { Wanted as Popular, StandIn } from '../popular/stand-in.ts';
import { answerResponse, passedOn } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
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
export type Cached = (asked: Asked, wanted: Wanted) => Response | Promise<Response>;

type Means = { cache: AnswerCache; origin: Origin; standIn: StandIn; clock: Clock; budget_ms: number };

export function cachedAnswers({ cache, origin, standIn, clock, budget_ms }: Means): Cached {
  function given(asked: Asked, served: Served): Response {
    const { entry, reply, cache_ms, origin_ms, times } = served;
    if (reply?.kind === 'problem') return passedOn(reply);
    const { body, etag } = (entry?.answer ?? reply) as { body: string; etag: string | null };
    const now_ms = clock();
    return answerResponse(asked, body, etag, {
      cache_status: cacheStatus(served, now_ms),
      age_s: entry ? ageOf(entry, now_ms) : null,
      server_timing: serverTiming({ auth_ms: asked.auth_ms, cache_ms, origin_ms, times }),
    });
  }

  async function awaited(asked: Asked, popular: Popular, serving: Promise<Served>): Promise<Response> {
    const begun_ms = clock();
    let problem: Problem | null = null;
    const served = await serving.catch((error) => {
      if (!(error instanceof Problem)) throw error;
      problem = error;
      return null;
    });
    if (originFailed(problem ?? served?.reply ?? null)) {
      const instead = await popularInstead(standIn, asked, popular, clock() - begun_ms);
      if (instead) return instead;
    }
    if (!served) throw problem;
    return given(asked, served);
  }

  return (asked, { key, user_id, path, popular }) => {
    const { request, caller, waitUntil } = asked;
    const bookmark = bookmarkOf(request.headers);
    const load = (deadline_ms: number) => {
      const about = { caller, traceparent: asked.traceparent, deadline_ms, bookmark };
      return origin({ method: 'GET', path, ...about });
    };
    const subject = { key, tenant_id: caller.tenant_id, user_id };
    const options = { waitUntil, budget_ms };
    // What is kept may be of before the bookmark, and nothing here tells.
    if (bookmark !== null)
      return awaited(asked, { ...popular, pending: true }, cache.renew(subject, load, options));
    const held = cache.held(subject, load, options);
    return held ? given(asked, held) : awaited(asked, popular, cache.answer(subject, load, options));
  };
}
