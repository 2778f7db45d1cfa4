import type { Clock } from '#contract/clock.ts';
import type { Origin } from '../origin.ts';
import { answerResponse, passedOn } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
import { traceparent } from '../traceparent.ts';
import type { Asked } from './handler.ts';

/** Answers from the origin, past the cache. */
export type Uncached = (
  asked: Asked,
  wanted: { method: 'GET' | 'POST'; path: string; body?: unknown },
) => Promise<Response>;

export function uncachedAnswers({
  origin,
  clock,
  budget_ms,
}: {
  origin: Origin;
  clock: Clock;
  budget_ms: number;
}): Uncached {
  return async ({ request, caller, auth_ms }, { method, path, body }) => {
    const asked_ms = clock();
    const reply = await origin({
      method,
      path,
      caller,
      traceparent: traceparent(request.headers),
      deadline_ms: budget_ms,
      body,
    });
    if (reply.kind === 'problem') return passedOn(reply);
    return answerResponse(request, reply.body, reply.etag, {
      cache_status: `edgewise; fwd=${method === 'GET' ? 'bypass' : 'method'}`,
      age_s: null,
      server_timing: serverTiming({ auth_ms, cache_ms: 0, origin_ms: clock() - asked_ms }),
    });
  };
}
