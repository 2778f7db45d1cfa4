import type { Forgotten } from '#contract/deletion.ts';
import type { EventEnvelope } from '#contract/envelope.ts';
import type { EventType } from '#contract/event.ts';

/** An event to count; `imported` where it came by `events.import`. */
export type Counted = { envelope: EventEnvelope; imported: boolean };

/** How many events were counted, were known already, or were known with another content (which counts nothing). */
export type Applied = { counted: number; repeated: number; conflicting: number };

/** How often a campaign was met on a day (UTC, `2026-11-01`), by kind of event and locale of the event. */
export type DailyCount = {
  campaign_id: string;
  day: string;
  type: EventType;
  locale: string | null;
  count: number;
};

/** How often a campaign was met within ten minutes (UTC, `2026-11-01T10:2`), by kind of event. */
export type TenMinuteCount = { campaign_id: string; ten: string; type: EventType; count: number };

/** The ten minutes that a moment (ms) falls in. */
export const tenOf = (moment_ms: number) => new Date(moment_ms).toISOString().slice(0, 15);

/** Which of it is old: identities accepted before a month (UTC, `2026-11`), and counts of before some ten minutes. */
export type OldCounts = { accepted_before_month: string; before_ten: string; dry_run: boolean };
export type RemovedCounts = { identities: number; tens: number };

/** Counts what people did, each event once, and keeps their profiles. */
export interface Counters {
  /**
   * Counts events in one transaction: remembers each identity, adds to the counts, by day and by ten minutes, of
   * those seen for the first time, and merges them into their person's profile. The first content with an identity counts.
   */
  apply(events: readonly Counted[], signal: AbortSignal): Promise<Applied>;
  /**
   * Forgets people, and remembers since when: their profiles, and the identities of their events, but for what both
   * was accepted and occurred after that moment, now or in any later `apply`. Counts have no person, and stay as they
   * are. The same again changes nothing.
   */
  forget(people: readonly Forgotten[], signal: AbortSignal): Promise<void>;
  /** The daily counts of a tenant from one day to another, both included. */
  daily(tenant_id: string, from_day: string, to_day: string, signal: AbortSignal): Promise<DailyCount[]>;
  /** The counts of a tenant from some ten minutes to others, both included: what goes on just now. */
  tens(tenant_id: string, from_ten: string, to_ten: string, signal: AbortSignal): Promise<TenMinuteCount[]>;
  /** The newest `occurred_at` among a tenant's imported events; null where nothing was imported. */
  newestImported(tenant_id: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Removes old identities, and old counts by ten minutes of tenants that have imported nothing, whose clock may stand
   * anywhere; tells how many, and with `dry_run` does only that. An event whose identity is gone would be counted
   * again. Daily counts stay.
   */
  removeBefore(old: OldCounts, signal: AbortSignal): Promise<RemovedCounts>;
  dump(): AsyncIterable<string>;
}
