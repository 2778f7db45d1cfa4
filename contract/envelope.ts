import * as v from 'valibot';
import { Campaign } from './campaign.ts';
import { Event } from './event.ts';
import { CampaignId, composite, TenantId } from './ids.ts';
import { Instant } from './values.ts';

/** The version of the envelopes written now. A reader understands it and all before it. */
export const ENVELOPE_VERSION = 1;

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

/** An event on the log, with whose it is and when it was accepted. */
export type EventEnvelope = v.InferOutput<typeof EventEnvelope>;
/** A campaign's newest content on the log; `campaign` is null once it is deleted. */
export type CampaignEnvelope = v.InferOutput<typeof CampaignEnvelope>;

/** A record was written by a newer version of Edgewise: nothing is wrong with it, but it cannot be read here. */
export class NewerEnvelope extends Error {
  readonly code = 'newer_envelope';
  readonly retryable = false;
  constructor(version: number) {
    super(
      `The record has envelope version ${version}; this build reads up to ${ENVELOPE_VERSION}: upgrade it`,
    );
  }
}

/** A record is no envelope of ours. */
export class BadEnvelope extends Error {
  readonly code = 'bad_envelope';
  readonly retryable = false;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function parse<Schema extends v.GenericSchema>(schema: Schema, value: Uint8Array): v.InferOutput<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(value));
  } catch (cause) {
    throw new BadEnvelope('The record is not JSON in UTF-8', { cause });
  }
  const version = (json as { v?: unknown } | null)?.v;
  if (typeof version === 'number' && version > ENVELOPE_VERSION) throw new NewerEnvelope(version);
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new BadEnvelope(`${v.getDotPath(issue) ?? 'The record'}: ${issue.message}`);
}

/** Reads a record of `events` or `events.import`. Throws NewerEnvelope or BadEnvelope. */
export function readEvent(value: Uint8Array): EventEnvelope {
  return parse(EventEnvelope, value);
}

/** Reads a record of `campaigns`. Throws NewerEnvelope or BadEnvelope. */
export function readCampaign(value: Uint8Array): CampaignEnvelope {
  return parse(CampaignEnvelope, value);
}

/** The record of an accepted event. Its key brings all of one person into one partition, in order. */
export function eventRecord(envelope: Omit<EventEnvelope, 'v'>) {
  return {
    key: composite(envelope.tenant_id, envelope.event.user_id),
    value: encoder.encode(JSON.stringify({ v: ENVELOPE_VERSION, ...envelope })),
  };
}

/** The record of a campaign's new content, or of its deletion. The newest record of a key is what holds. */
export function campaignRecord(envelope: Omit<CampaignEnvelope, 'v'>) {
  return {
    key: composite(envelope.tenant_id, envelope.campaign_id),
    value: encoder.encode(JSON.stringify({ v: ENVELOPE_VERSION, ...envelope })),
  };
}
