import { AHEAD_MS } from '#contract/limits.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { QUEUED_MS, QueuedEvents } from '#contract/queued-events.ts';
import { readJson } from './read-json.ts';

/**
 * Reads what the edge had queued. Throws `bad-request`, or `invalid-request` where it is none of the edge's or
 * is said to have been accepted when no event that comes now can have been.
 */
export function readQueued(body: Uint8Array, tenant_id: string, now_ms: number): QueuedEvents {
  const queued = parse(QueuedEvents, readJson(body));
  if (queued.tenant_id !== tenant_id) {
    throw new Problem('invalid-request', 'The events are of another tenant than the signature');
  }
  const age_ms = now_ms - Date.parse(queued.accepted_at);
  if (age_ms > QUEUED_MS || age_ms < -AHEAD_MS) {
    throw new Problem(
      'invalid-request',
      `What was accepted at ${queued.accepted_at} cannot come from the queue now`,
    );
  }
  return queued;
}
