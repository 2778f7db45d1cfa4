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

/** Counts what people did, each event once, and keeps their profiles. */
export interface Counters {
  /**
   * Counts events in one transaction: remembers each identity, adds to the daily counts of those seen for the
   * first time, and merges them into their person's profile. The first content with an identity counts.
   */
  apply(events: readonly Counted[], signal: AbortSignal): Promise<Applied>;
  /** The daily counts of a tenant from one day to another, both included. */
  daily(tenant_id: string, from_day: string, to_day: string, signal: AbortSignal): Promise<DailyCount[]>;
  /** The newest `occurred_at` among a tenant's imported events; null where nothing was imported. */
  newestImported(tenant_id: string, signal: AbortSignal): Promise<string | null>;
  dump(): AsyncIterable<string>;
}
