import type { EventType } from '#contract/event.ts';
import { MOST_IMPRESSIONS } from '#contract/placement.ts';

/** The newest that are kept of each person. */
export const MESSAGES_KEPT = 64;
export const ENGAGEMENTS_KEPT = 256;
/** Of impressions the newest of each campaign, as many as a cap can ask for, and of those the newest of all. */
export const IMPRESSIONS_KEPT = { of_campaign: MOST_IMPRESSIONS, of_all: 500 };
/** Impressions that are so much older than a person's newest one count for no cap any more. */
export const IMPRESSIONS_MS = 8 * 24 * 3600_000;

/** A message of theirs, by reference; its vector is with the vectors. */
export type MessageRef = { message_id: string; occurred_at: string };

export type Engagement = { message_id: string; occurred_at: string; campaign_id: string; type: EventType };

/** That they were shown a campaign. */
export type Impression = { message_id: string; occurred_at: string; campaign_id: string };

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
  /**
   * What a person was shown lately, newest first: within a week all of it, up to the bounds above. It is kept beside
   * their profile, as a set like those, and read only by who asks for it.
   */
  impressions(tenant_id: string, user_id: string, signal: AbortSignal): Promise<Impression[]>;
  /** Everybody of a tenant, by user id, read a page at a time: who is added meanwhile may be missed. */
  all(tenant_id: string, signal: AbortSignal): AsyncIterable<{ user_id: string; profile: Profile }>;
  dump(): AsyncIterable<string>;
}
