import { setImmediate as breathe } from 'node:timers/promises';
import { type Log, LogOverloaded, LogUnavailable, type Message, type Place } from '#backing/log/port.ts';
import { BOOKMARK_HEADER, bookmarkOf, encodeBookmark, MOST_PLACES } from '#contract/bookmark.ts';
import { REFUSALS } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import type { Rejection, Verdict } from '#contract/verdict.ts';
import type { Item } from './items.ts';
import type { Judge } from './judge.ts';

export type Destination = { log: Log; topic: string; signal: AbortSignal };

/** How many are judged before others get their turn on the event loop. */
const TURN = 500;

/**
 * Judges all items, writes the acceptable ones in one go, and answers 202 once the log has them. Throws
 * problems, and nothing is written then, but for `unavailable`, where it may have been: sending the same
 * again is harmless.
 */
export async function acceptItems(items: Iterable<Item>, judge: Judge, to: Destination): Promise<Response> {
  const records: Message[] = [];
  const rejected: Rejection[] = [];
  let met = 0;
  for (const item of items) {
    if (++met % TURN === 0) {
      await breathe();
      to.signal.throwIfAborted();
    }
    if ('malformed' in item) {
      rejected.push({
        index: item.index,
        message_id: null,
        code: 'malformed',
        detail: item.malformed,
        pointer: null,
      });
    } else {
      const { record, refusal } = judge(item.value);
      if (record) records.push(record);
      else rejected.push({ index: item.index, ...refusal });
    }
    if (rejected.length > REFUSALS)
      throw noneAccepted(
        `More than ${REFUSALS} were refused, so nothing was written`,
        rejected.slice(0, 100),
      );
  }
  if (met === 0) throw new Problem('invalid-request', 'The body holds nothing to write; send at least one');
  if (records.length === 0)
    throw noneAccepted(`None of the ${met} could be accepted; "rejected" says why`, rejected);
  return accepted(await append(records, to), rejected);
}

/** Writes records and answers where they stand. Throws `overloaded` or `unavailable`, with Retry-After. */
export async function append(
  records: readonly Message[],
  { log, topic, signal }: Destination,
): Promise<Place[]> {
  signal.throwIfAborted();
  try {
    return await log.append(topic, records, signal);
  } catch (cause) {
    if (cause instanceof LogOverloaded) throw retryLater('overloaded', 1, cause);
    if (cause instanceof LogUnavailable) throw retryLater('unavailable', 5, cause);
    throw cause;
  }
}

/** The answer to what the log has. */
export function accepted(places: readonly Place[], rejected: Rejection[]): Response {
  const verdict: Verdict = { accepted: places.length, rejected };
  const headers = new Headers({ 'Cache-Control': 'no-store' });
  const bookmark = bookmarkOf(places);
  if (bookmark.length <= MOST_PLACES) headers.set(BOOKMARK_HEADER, encodeBookmark(bookmark));
  return Response.json(verdict, { status: 202, headers });
}

function noneAccepted(detail: string, rejected: readonly Rejection[]): Problem {
  return new Problem('none-accepted', detail, { extra: { accepted: 0, rejected } });
}

const advice = {
  overloaded: 'Too much is waiting to be written; send it again in a while',
  unavailable: 'The log cannot be written just now; send it again: nothing counts twice',
};

function retryLater(kind: keyof typeof advice, after_s: number, cause: Error): Problem {
  return new Problem(kind, advice[kind], { headers: { 'Retry-After': String(after_s) }, cause });
}
