import * as v from 'valibot';
import { TenantId } from './ids.ts';
import { Instant } from './values.ts';

/** The path at the gateway that takes what the edge had queued, signed by the edge itself. */
export const QUEUED_PATH = '/internal/queued';

const DAY_MS = 24 * 3600_000;

/** How long the edge may hold an event, in its queue and beside it: past it there is something wrong with the stamp. */
export const QUEUED_MS = 30 * DAY_MS;

/** How long of that what the gateway refused to the last is kept; a queue holds it for some days before. */
export const DEAD_LETTERS_MS = 25 * DAY_MS;

/** What the keys of such messages begin with in Workers KV. */
export const DEAD_LETTERS = 'dead:';

/** Where such a message stands, so that a listing begins with the oldest. */
export function deadLetterKey(queued: Date, id: string): string {
  return `${DEAD_LETTERS}${queued.toISOString()}:${id}`;
}

/** Raised when the shape of a message changes. */
export const QUEUED_FORMAT = 1;

/** Events of a tenant that the edge accepted while the gateway could not be reached: when, and which, as they came. */
export const QueuedEvents = v.strictObject({
  format: v.literal(QUEUED_FORMAT),
  tenant_id: TenantId,
  accepted_at: Instant,
  events: v.pipe(v.array(v.unknown()), v.minLength(1)),
});
export type QueuedEvents = v.InferOutput<typeof QueuedEvents>;
