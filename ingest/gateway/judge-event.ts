import type { Caller } from '#contract/caller.ts';
import { eventRecord } from '#contract/envelope.ts';
import { judgeEvents } from '#contract/judge-event.ts';
import type { Judge } from './judge.ts';

/** Judges events of a caller at a moment, which is when the accepted ones are said to have been, and makes their records. */
export function eventJudge(options: { caller: Caller; now_ms: number; imported: boolean }): Judge {
  const { tenant_id } = options.caller;
  const accepted_at = new Date(options.now_ms).toISOString();
  const judge = judgeEvents(options);
  return (value) => {
    const { event, refusal } = judge(value);
    return refusal ? { refusal } : { record: eventRecord({ tenant_id, accepted_at, event }) };
  };
}
