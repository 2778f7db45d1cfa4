import type { Caller } from './caller.ts';
import { check } from './check.ts';
import { Event } from './event.ts';
import { AHEAD_MS, BEHIND_MS } from './limits.ts';
import type { Refusal } from './verdict.ts';

type EventJudgement = { event: Event; refusal?: never } | { event?: never; refusal: Refusal };

/**
 * Judges events of a caller at a moment, which is when the acceptable ones are accepted. Imported ones
 * may have occurred however long ago.
 */
export function judgeEvents({
  caller,
  now_ms,
  imported,
}: {
  caller: Pick<Caller, 'subject'>;
  now_ms: number;
  imported: boolean;
}): (value: unknown) => EventJudgement {
  const { subject } = caller;
  // The contract writes moments so that they sort as text.
  const now = new Date(now_ms).toISOString();
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
        `It lies more than ${AHEAD_MS / 60_000} minutes ahead of our clock, ${now}`,
      );
    }
    if (earliest !== null && event.occurred_at < earliest) {
      return refuse(
        'too_late',
        '/occurred_at',
        `It lies more than ${BEHIND_MS / 86_400_000} days back; import it instead`,
      );
    }
    return { event };
  };
}
