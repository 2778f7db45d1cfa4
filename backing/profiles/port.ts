import type { EventType } from '#contract/event.ts';

/** The newest that are kept of each person. */
export const MESSAGES_KEPT = 64;
export const ENGAGEMENTS_KEPT = 256;

/** A message of theirs, by reference; its vector is with the vectors. */
export type MessageRef = { message_id: string; occurred_at: string };

export type Engagement = { message_id: string; occurred_at: string; campaign_id: string; type: EventType };

/**
 * What is known of a person for ranking. All of it are sets, bounded by keeping the newest, so that merging
 * is union, then truncation: neither order nor repetition matters. Lists are newest first, by
 * (occurred_at, message_id).
 */
export type Profile = {
  messages: readonly MessageRef[];
  engagements: readonly Engagement[];
  /** Every campaign they ever engaged with, and when last. */
  engaged: ReadonlyMap<string, string>;
  /** Every campaign they dismissed, and when last. */
  dismissed: ReadonlyMap<string, string>;
};

/** Reads profiles. They are written by Counters, in the transaction that remembers what was counted. */
export interface Profiles {
  /** The profile of a person; an empty one for somebody who is not known. */
  read(tenant_id: string, user_id: string, signal: AbortSignal): Promise<Profile>;
  /** Everybody of a tenant, by user id, read a page at a time: who is added meanwhile may be missed. */
  all(tenant_id: string, signal: AbortSignal): AsyncIterable<{ user_id: string; profile: Profile }>;
  dump(): AsyncIterable<string>;
}
