import * as v from 'valibot';
import { Campaign } from './campaign.ts';
import { DeletionId } from './deletion.ts';
import { Event } from './event.ts';
import { CampaignId, composite, Id, TenantId } from './ids.ts';
import { Instant } from './values.ts';

/** The version of the envelopes that events and campaigns are written in. */
export const ENVELOPE_VERSION = 1;
/** Of those that deletions are: a later one, so that a build which knows of none stops there and passes none over. */
const DELETION_VERSION = 2;
/** A reader understands this version and all before it. */
const NEWEST_VERSION = DELETION_VERSION;

const EventEnvelope = v.strictObject({
  v: v.literal(ENVELOPE_VERSION),
  tenant_id: TenantId,
  accepted_at: Instant,
  event: Event,
});

const CampaignEnvelope = v.strictObject({
  v: v.literal(ENVELOPE_VERSION),
  tenant_id: TenantId,
  accepted_at: Instant,
  campaign_id: CampaignId,
  campaign: v.nullable(Campaign),
});

const DeletionEnvelope = v.strictObject({
  v: v.literal(DELETION_VERSION),
  tenant_id: TenantId,
  accepted_at: Instant,
  deletion: v.strictObject({ deletion_id: DeletionId, user_id: Id }),
});

/** An event on the log, with whose it is and when it was accepted. */
export type EventEnvelope = v.InferOutput<typeof EventEnvelope>;
/** A campaign's newest content on the log; `campaign` is null once it is deleted. */
export type CampaignEnvelope = v.InferOutput<typeof CampaignEnvelope>;
/** That a person is to be forgotten, on the log; they are forgotten as of when it was accepted. */
export type DeletionEnvelope = v.InferOutput<typeof DeletionEnvelope>;

/** A record was written by a newer version of Edgewise: nothing is wrong with it, but it cannot be read here. */
export class NewerEnvelope extends Error {
  readonly code = 'newer_envelope';
  readonly retryable = false;
  constructor(version: number) {
    super(`The record has envelope version ${version}; this build reads up to ${NEWEST_VERSION}: upgrade it`);
  }
}

/** A record says that somebody is to be forgotten, but not as this build knows it: it must not be passed over. */
export class BadDeletion extends Error {
  readonly code = 'bad_deletion';
  readonly retryable = false;
}

/** A record is no envelope of ours. */
export class BadEnvelope extends Error {
  readonly code = 'bad_envelope';
  readonly retryable = false;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** The JSON of a record, of a version that can be read here. */
function open(value: Uint8Array): { version: unknown; json: unknown } {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(value));
  } catch (cause) {
    throw new BadEnvelope('The record is not JSON in UTF-8', { cause });
  }
  const version = (json as { v?: unknown } | null)?.v;
  if (typeof version === 'number' && version > NEWEST_VERSION) throw new NewerEnvelope(version);
  return { version, json };
}

function parse<Schema extends v.GenericSchema>(schema: Schema, json: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new BadEnvelope(`${v.getDotPath(issue) ?? 'The record'}: ${issue.message}`);
}

/** Reads a record of `events` or `events.import`. Throws NewerEnvelope, BadDeletion or BadEnvelope. */
export function readPersonal(value: Uint8Array): EventEnvelope | DeletionEnvelope {
  const { version, json } = open(value);
  if (version !== DELETION_VERSION) return parse(EventEnvelope, json);
  const result = v.safeParse(DeletionEnvelope, json);
  if (result.success) return result.output;
  throw new BadDeletion(`${v.getDotPath(result.issues[0]) ?? 'The record'}: ${result.issues[0].message}`);
}

/** Reads a record that can only be an event's. Throws NewerEnvelope or BadEnvelope. */
export function readEvent(value: Uint8Array): EventEnvelope {
  return parse(EventEnvelope, open(value).json);
}

/** Reads a record of `campaigns`. Throws NewerEnvelope or BadEnvelope. */
export function readCampaign(value: Uint8Array): CampaignEnvelope {
  return parse(CampaignEnvelope, open(value).json);
}

export function isDeletion(envelope: EventEnvelope | DeletionEnvelope): envelope is DeletionEnvelope {
  return 'deletion' in envelope;
}

/** The record of an accepted event. Its key brings all of one person into one partition, in order. */
export function eventRecord(envelope: Omit<EventEnvelope, 'v'>) {
  return {
    key: composite(envelope.tenant_id, envelope.event.user_id),
    value: encoder.encode(JSON.stringify({ v: ENVELOPE_VERSION, ...envelope })),
  };
}

/** The record that forgets a person. It has the key of their events, so that it keeps its place among them. */
export function deletionRecord(envelope: Omit<DeletionEnvelope, 'v'>) {
  return {
    key: composite(envelope.tenant_id, envelope.deletion.user_id),
    value: encoder.encode(JSON.stringify({ v: DELETION_VERSION, ...envelope })),
  };
}

/** The record of a campaign's new content, or of its deletion. The newest record of a key is what holds. */
export function campaignRecord(envelope: Omit<CampaignEnvelope, 'v'>) {
  return {
    key: composite(envelope.tenant_id, envelope.campaign_id),
    value: encoder.encode(JSON.stringify({ v: ENVELOPE_VERSION, ...envelope })),
  };
}
