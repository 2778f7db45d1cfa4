import type { Clock } from '#contract/clock.ts';
import { judgeEvents } from '#contract/judge-event.ts';
import { REFUSALS } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import type { Rejection, Verdict } from '#contract/verdict.ts';
import type { Events } from '../gateway.ts';
import { inTime, LATE } from '../in-time.ts';
import { type Log, traceOf } from '../log.ts';
import { unavailable } from '../signed-fetch.ts';
import { readItems } from './items.ts';
import { callsOf } from './messages.ts';

const DEADLINE_MS = 5_000;
const AT_ONCE = 4;

/**
 * Accepts events while the gateway cannot: judges them as it would, stamps them, and answers 202 once the queue
 * has them all. There is no bookmark yet. Throws `unavailable` where the queue cannot be had, or not in time:
 * some may have been taken then, and sending all of them again is harmless.
 */
export type EventQueue = (events: Events) => Promise<Response>;

function noneAccepted(detail: string, rejected: readonly Rejection[]): Problem {
  return new Problem('none-accepted', detail, { extra: { accepted: 0, rejected } });
}

async function judged({ caller, ...events }: Events, now_ms: number) {
  const judge = judgeEvents({ caller, now_ms, imported: false });
  const accepted: unknown[] = [];
  const rejected: Rejection[] = [];
  for (const item of await readItems(events)) {
    const { index } = item;
    if ('malformed' in item) {
      rejected.push({ index, message_id: null, code: 'malformed', detail: item.malformed, pointer: null });
    } else {
      const { event, refusal } = judge(item.value);
      if (refusal) rejected.push({ index, ...refusal });
      else accepted.push(event);
    }
    if (rejected.length > REFUSALS) {
      throw noneAccepted(
        `More than ${REFUSALS} were refused, so nothing was written`,
        rejected.slice(0, 100),
      );
    }
  }
  if (accepted.length > 0) return { accepted, rejected };
  if (rejected.length === 0)
    throw new Problem('invalid-request', 'The body holds nothing to write; send at least one');
  throw noneAccepted(`None of the ${rejected.length} could be accepted; "rejected" says why`, rejected);
}

export function eventQueue({
  queue,
  clock,
  log,
}: {
  queue: Pick<Queue, 'sendBatch'>;
  clock: Clock;
  log: Log;
}): EventQueue {
  return async (events) => {
    const now_ms = clock();
    const { accepted, rejected } = await judged(events, now_ms);
    const head = { tenant_id: events.caller.tenant_id, accepted_at: new Date(now_ms).toISOString() };
    const left = callsOf(head, accepted);
    const hand = async () => {
      for (let call = left.shift(); call; call = left.shift()) {
        await queue.sendBatch(call.map((body) => ({ body, contentType: 'text' as const })));
      }
    };
    try {
      const handed = await inTime(Promise.all(Array.from({ length: AT_ONCE }, hand)), DEADLINE_MS);
      if (handed === LATE) throw new Error('The queue is late');
    } catch (error) {
      log({ level: 'error', event: 'not_queued', ...traceOf(error) });
      throw unavailable('Events cannot be taken just now; send them again: nothing counts twice');
    }
    log({ level: 'info', event: 'queued', events: accepted.length });
    const verdict: Verdict = { accepted: accepted.length, rejected };
    return Response.json(verdict, { status: 202, headers: { 'Cache-Control': 'no-store' } });
  };
}
