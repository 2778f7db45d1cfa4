import { Problem } from '#contract/problem.ts';
import { isFailure, type Reply } from '../origin.ts';
import type { StandIn, Wanted } from '../popular/stand-in.ts';
import { answerResponse } from '../respond.ts';
import { serverTiming } from '../server-timing.ts';
import type { Asked } from './handler.ts';

/** True where the origin failed: by what it said, or by saying nothing. */
export function originFailed(outcome: Reply | Problem | null): boolean {
  return outcome instanceof Problem ? outcome.status >= 500 : outcome !== null && isFailure(outcome);
}

/** What is popular, in place of an answer that the origin could not give; null where nothing was published. */
export async function popularInstead(
  standIn: StandIn,
  asked: Asked,
  wanted: Wanted,
  origin_ms: number,
): Promise<Response | null> {
  const { caller, auth_ms } = asked;
  const instead = await standIn(caller.tenant_id, wanted);
  if (!instead) return null;
  return answerResponse(asked, instead.body, null, {
    cache_status: 'edgewise; fwd=miss; detail=popular',
    age_s: instead.age_s,
    server_timing: serverTiming({ auth_ms, cache_ms: 0, origin_ms }),
  });
}
