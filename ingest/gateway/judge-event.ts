import type { Caller } from '#contract/caller.ts';
import { eventRecord } from '#contract/envelope.ts';
import { Event } from '#contract/event.ts';
import { AHEAD_MS, BEHIND_MS } from '#contract/limits.ts';
import { check, type Judge, type Refusal } from './judge.ts';

/**
 * Judges events of a caller at a moment, which is when the accepted ones are said to have been. Imported ones
 * may have occurred however long ago.
 */
export function eventJudge({
  caller,
  now_ms,
  imported,
}: {
  caller: Caller;
  now_ms: number;
  imported: boolean;
}): Judge {
  const { tenant_id, subject } = caller;
  // The contract writes moments so that they sort as text.
  const accepted_at = new Date(now_ms).toISOString();
  const latest = new Date(now_ms + AHEAD_MS).toISOString();
  const earliest = imported ? null : new Date(now_ms - BEHIND_MS).toISOString();

  return (value) => {
    const { output: event, refusal } = check(Event, value);
    if (refusal) return { refusal };
    const refuse = (code: Refusal['code'], pointer: string, detail: string) => ({
      refusal: { message_id: event.message_id, code, detail, pointer },
    });
    if (subject !== null && event.user_id !== subject) {
      return refuse(
        'not_yours',
        '/user_id',
        'The token is another person\'s; send events of its own "sub" only',
      );
    }
    if (event.occurred_at > latest) {
      return refuse(
        'too_early',
        '/occurred_at',
        `It lies more than ${AHEAD_MS / 60_000} minutes ahead of our clock, ${accepted_at}`,
      );
    }
    if (earliest !== null && event.occurred_at < earliest) {
      return refuse(
        'too_late',
        '/occurred_at',
        `It lies more than ${BEHIND_MS / 86_400_000} days back; import it instead`,
      );
    }
    return { record: eventRecord({ tenant_id, accepted_at, event }) };
  };
}
