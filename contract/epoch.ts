import * as v from 'valibot';

/**
 * Numbers that are raised when something an answer rests on has changed: one for the person, one for the
 * whole tenant. An answer holds while both are what they were when it was begun.
 */
export const Epochs = v.strictObject({
  user: v.pipe(v.number(), v.integer()),
  tenant: v.pipe(v.number(), v.integer()),
});
export type Epochs = v.InferOutput<typeof Epochs>;

/** Where a cache asks whether its answers still hold. `user_id` null asks for the tenant's alone (user is 0). */
export interface EpochReader {
  read(tenant_id: string, user_id: string | null, signal: AbortSignal): Promise<Epochs>;
}

/** What an epoch is raised to: never back, and past whatever a lost store may have handed out before. */
export function raised(previous: number, now_ms: number): number {
  return Math.max(previous + 1, now_ms);
}

export function sameEpochs(a: Epochs, b: Epochs): boolean {
  return a.user === b.user && a.tenant === b.tenant;
}

/** The path at the origin that answers Epochs, signed. */
export const EPOCHS_PATH = '/internal/epochs';
