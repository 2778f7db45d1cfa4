import * as v from 'valibot';
import { TenantId } from './ids.ts';
import { Instant } from './values.ts';

/** The path at the gateway that takes what the edge had queued, signed by the edge itself. */
export const QUEUED_PATH = '/internal/queued';

/** How long the edge's queue may hold an event: past it there is something wrong with the stamp. */
export const QUEUED_MS = 15 * 24 * 3600_000;

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
