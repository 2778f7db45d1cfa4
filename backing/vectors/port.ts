import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Place } from '#backing/log/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { Forgotten } from '#contract/deletion.ts';

/**
 * A message's vector, of length 1. `place` is where its event stands on the log; `lived_at`, as `livedAt` gives it,
 * decides whether it outlives its person's being forgotten.
 */
export type MessageVector = {
  tenant_id: string;
  user_id: string;
  message_id: string;
  occurred_at: string;
  campaign_id: string | null;
  locale: string | null;
  lived_at: string;
  accepted_at: string;
  place: Place;
  vector: Float32Array;
};

/** A campaign's vector; `campaign` null deletes. `version` is the campaign's offset on the log. */
export type CampaignVector = { tenant_id: string; campaign_id: string; version: number } & (
  | { campaign: Campaign; vector: Float32Array }
  | { campaign: null }
);

export type CampaignHit = { campaign_id: string; similarity: number };
export type MessageHit = {
  user_id: string;
  message_id: string;
  campaign_id: string | null;
  occurred_at: string;
  similarity: number;
};

/** Which months are old: those before a month, of which no message was accepted at a moment or later. */
export type OldMonths = { month: string; accepted_before: string; dry_run: boolean };
/** What leaves as a whole, and how many messages stand in it. */
export type DroppedMonth = { version: string; month: string; messages: number };

/** A message that there is a vector of. */
export type KeptMessage = {
  version: string;
  message_id: string;
  occurred_at: string;
  campaign_id: string | null;
};

export type CampaignSearch = {
  tenant_id: string;
  version: EmbeddingVersion;
  vectors: readonly Float32Array[];
  k: number;
  /** Only campaigns that are on at this moment (ms), and that fit the locale. */
  on_at_ms: number;
  locale: string | null;
};

export type MessageSearch = {
  tenant_id: string;
  version: EmbeddingVersion;
  vectors: readonly Float32Array[];
  k: number;
  /** Only messages about a campaign, where true. */
  about_campaigns: boolean;
  /** Only messages from this moment on, to before that one (RFC 3339, UTC, as the contract writes it). */
  from: string;
  before: string;
};

/**
 * What a search that goes by no index looks at: all it is about, or, where that is more than `most`, about as many,
 * from a place in an order that means nothing: `start`, from 0 to 1.
 */
export type Scan = { most: number; start: number };

/** Which content of a campaign a store has; `deleted` where it keeps no vector of it. */
export type CampaignVersion = { campaign_id: string; version: number; deleted: boolean };

/** A vector is not of the version it is put or searched under, or that version is stored as one of another model. */
export class VersionMismatch extends Error {
  readonly code = 'version_mismatch';
  readonly retryable = false;
}

/** Vectors of messages and campaigns, by embedding version. Similarity is the cosine. */
export interface Vectors {
  /**
   * Upserts by (tenant, user, message). A vector gives way only to one whose event stands earlier on the log:
   * `events` before `events.import`, then the lower offset. Throws VersionMismatch.
   */
  putMessages(version: EmbeddingVersion, rows: readonly MessageVector[], signal: AbortSignal): Promise<void>;
  /** Upserts by (tenant, campaign); only a higher version replaces. Throws VersionMismatch. */
  putCampaigns(
    version: EmbeddingVersion,
    rows: readonly CampaignVector[],
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Forgets people, and remembers since when: of every version the vectors of what they said, but for what lived
   * after that moment, now or in any later `putMessages`. The same again changes nothing.
   */
  forget(people: readonly Forgotten[], signal: AbortSignal): Promise<void>;
  /** For each vector the k most similar campaigns, best first, ties by id. Throws VersionMismatch. */
  nearestCampaigns(search: CampaignSearch, signal: AbortSignal): Promise<CampaignHit[][]>;
  /** For each vector the k most similar messages, best first, ties by identity. Throws VersionMismatch. */
  nearestMessages(search: MessageSearch, signal: AbortSignal): Promise<MessageHit[][]>;
  /**
   * Asks again by no index: what nearestCampaigns has to be held against, and of its form. Null where that compares with
   * every vector as well, so that there is nothing to learn. Throws VersionMismatch.
   */
  campaignsExactly(search: CampaignSearch, scan: Scan, signal: AbortSignal): Promise<CampaignHit[][] | null>;
  /** The same of nearestMessages. Throws VersionMismatch. */
  messagesExactly(search: MessageSearch, scan: Scan, signal: AbortSignal): Promise<MessageHit[][] | null>;
  /** A person's message vectors, null where there is none. Throws VersionMismatch. */
  messages(
    version: EmbeddingVersion,
    tenant_id: string,
    user_id: string,
    message_ids: readonly string[],
    signal: AbortSignal,
  ): Promise<(Float32Array | null)[]>;
  /** The vectors of messages of several people, each null where there is none; in few calls, for who learns. Throws VersionMismatch. */
  messagesOfMany(
    version: EmbeddingVersion,
    tenant_id: string,
    messages: readonly { user_id: string; message_id: string }[],
    signal: AbortSignal,
  ): Promise<(Float32Array | null)[]>;
  /** A campaign's vector, null where there is none. Throws VersionMismatch. */
  campaign(
    version: EmbeddingVersion,
    tenant_id: string,
    campaign_id: string,
    signal: AbortSignal,
  ): Promise<Float32Array | null>;
  /** Which versions of these campaigns there are, in no order; who never was is left out. Throws VersionMismatch. */
  campaignVersions(
    version: EmbeddingVersion,
    tenant_id: string,
    campaign_ids: readonly string[],
    signal: AbortSignal,
  ): Promise<CampaignVersion[]>;
  /** Which messages of a person have a vector, of any version, by version and id; the first, where there are more than `most`. */
  messagesOf(
    person: { tenant_id: string; user_id: string },
    most: number,
    signal: AbortSignal,
  ): Promise<KeptMessage[]>;
  /**
   * Drops the messages of old months, of every version, and tells which; with `dry_run` it only tells. A month of
   * which a message was accepted lately stays whole. Nobody may import meanwhile.
   */
  dropBefore(old: OldMonths, signal: AbortSignal): Promise<DroppedMonth[]>;
  /**
   * Drops all vectors of a version, by its id, of whichever tenant; a version may have that id again afterwards. Stopped
   * in the middle, or done again, it ends the same. Nobody may put any of it meanwhile.
   */
  dropVersion(id: string, signal: AbortSignal): Promise<void>;
  dump(): AsyncIterable<string>;
}
