import type { Answer } from '#contract/answer.ts';
import type { EpochReader, Epochs } from '#contract/epoch.ts';

/** Whose epoch: a person's, or with `user_id` null the tenant's. */
export type EpochOwner = { tenant_id: string; user_id: string | null };

/** Answers under the epochs they were begun under, and the epochs themselves. */
export interface Answers extends EpochReader {
  /** Both epochs as they are now, and the answer kept under the key, whatever its epochs: one round trip. */
  get(
    owner: EpochOwner,
    key: string,
    signal: AbortSignal,
  ): Promise<{ epochs: Epochs; answer: Answer | null }>;
  /** Keeps an answer until it ends. A degraded one never replaces a good one that still holds. */
  put(owner: EpochOwner, key: string, answer: Answer, signal: AbortSignal): Promise<void>;
  /** Raises each epoch named to max(previous + 1, now in ms). */
  raise(owners: readonly EpochOwner[], signal: AbortSignal): Promise<void>;
}
