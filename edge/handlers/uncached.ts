import type { Clock } from '#contract/clock.ts';
import { Problem } from '#contract/problem.ts';
import { bookmarkOf } from '../bookmark.ts';
import type { Origin, Reply } from '../origin.ts';
import type { Wanted as Popular, StandIn } from '../popular/stand-in.ts';
import { answerResponse, passedOn } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
import type { Asked } from './handler.ts';
import { originFailed, popularInstead } from './instead.ts';

/** Answers from the origin, past the cache. `popular` is what stands in where the origin fails, if anything may. */
export type Uncached = (
  asked: Asked,
  wanted: { method: 'GET' | 'POST'; path: string; body?: unknown; popular?: Popular },
) => Promise<Response>;

export function uncachedAnswers({
  origin,
  standIn,
  clock,
  budget_ms,
}: {
  origin: Origin;
  standIn: StandIn;
  clock: Clock;
  budget_ms: number;
}): Uncached {
  return async (asked, { method, path, body, popular }) => {
    const { request, caller, auth_ms } = asked;
    const bookmark = bookmarkOf(request.headers);
    const asked_ms = clock();
    const reply: Reply | Problem = await origin({
      method,
      path,
      caller,
      traceparent: asked.traceparent,
      deadline_ms: budget_ms,
      body,
      bookmark,
    }).catch((error) => {
      if (error instanceof Problem) return error;
      throw error;
    });
    if (popular && originFailed(reply)) {
      const instead = await popularInstead(
        standIn,
        asked,
        { ...popular, pending: bookmark !== null },
        clock() - asked_ms,
      );
      if (instead) return instead;
    }
    if (reply instanceof Problem) throw reply;
    if (reply.kind === 'problem') return passedOn(reply);
    return answerResponse(asked, reply.body, reply.etag, {
      cache_status: `edgewise; fwd=${method === 'GET' ? 'bypass' : 'method'}`,
      age_s: null,
      server_timing: serverTiming({
        ...{ auth_ms, cache_ms: 0, origin_ms: clock() - asked_ms },
        times: reply.times,
      }),
    });
  };
}
