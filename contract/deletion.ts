import * as v from 'valibot';
import { AHEAD_MS } from './limits.ts';
import { Instant } from './values.ts';

/** What names a deletion: told to whoever asked for it, and to nobody else. */
export const DeletionId = v.pipe(v.string(), v.uuid('A deletion is named by a UUID, as it was answered'));

/** A person who is to be forgotten, as of a moment. */
export type Forgotten = { tenant_id: string; user_id: string; forgotten_at: string };

/**
 * The moment that decides whether an event outlives its person's being forgotten: it does where this lies after that
 * moment, which is where the event both was accepted and occurred after it. Moments sort as text.
 */
export function livedAt({ accepted_at, occurred_at }: { accepted_at: string; occurred_at: string }): string {
  return occurred_at < accepted_at ? occurred_at : accepted_at;
}

/** The moment from which on whatever occurred lives for certain: nothing accepted until `forgotten_at` lies later. */
export function certainlyLivesAfter(forgotten_at: string): string {
  return new Date(Date.parse(forgotten_at) + AHEAD_MS).toISOString();
}

/** What a person is forgotten in, by the names that a status tells. */
export const FORGETTING_STORES = [
  'counters',
  'embeddings',
  'graph',
  'archive',
  'answers',
  'dead_letters',
] as const;
export type ForgettingStore = (typeof FORGETTING_STORES)[number];

/** How far the forgetting of a person is. `done_at` is null while a store may still hold something of theirs. */
export const DeletionStatus = v.strictObject({
  deletion_id: DeletionId,
  forgotten_at: Instant,
  status: v.picklist(['pending', 'done']),
  stores: v.array(v.strictObject({ store: v.picklist(FORGETTING_STORES), done_at: v.nullable(Instant) })),
  /** What still holds it and forgets by itself. */
  note: v.string(),
});
export type DeletionStatus = v.InferOutput<typeof DeletionStatus>;

/** What `DELETE /v1/users/{user_id}` answers once the log has it. */
export const DeletionAccepted = v.strictObject({ deletion_id: DeletionId, forgotten_at: Instant });
export type DeletionAccepted = v.InferOutput<typeof DeletionAccepted>;

const moment = v.string();
const engagement = { message_id: v.string(), occurred_at: moment, campaign_id: v.string(), type: v.string() };
const latest = v.array(v.strictObject({ campaign_id: v.string(), occurred_at: moment }));

/** What `GET /v1/users/{user_id}/export` answers: what stores keep of a person for as long as nobody forgets them. */
export const PersonExport = v.strictObject({
  user_id: v.string(),
  exported_at: moment,
  /**
   * Their newest messages by reference, their newest engagements, all campaigns they engaged with or dismissed, and what
   * they were shown lately.
   */
  profile: v.strictObject({
    messages: v.array(v.strictObject({ message_id: v.string(), occurred_at: moment })),
    engagements: v.array(v.strictObject(engagement)),
    engaged: latest,
    dismissed: latest,
    impressions: v.array(
      v.strictObject({ message_id: v.string(), occurred_at: moment, campaign_id: v.string() }),
    ),
  }),
  /** On which day they engaged with what, replied to whom or to what, and wrote which message. */
  edges: v.array(v.strictObject({ kind: v.string(), day: v.string(), of: v.string() })),
  /** The messages that there is a vector of, by embedding version. */
  vectors: v.array(
    v.strictObject({
      version: v.string(),
      message_id: v.string(),
      occurred_at: moment,
      campaign_id: v.nullable(v.string()),
    }),
  ),
  /** False where there are more edges or vectors than are told at once. */
  complete: v.boolean(),
  /** What else holds something of them. */
  note: v.string(),
});
export type PersonExport = v.InferOutput<typeof PersonExport>;
