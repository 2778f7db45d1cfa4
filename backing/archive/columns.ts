import type { SchemaElement } from 'hyparquet';
import {
  type CampaignEnvelope,
  type DeletionEnvelope,
  type EventEnvelope,
  isDeletion,
} from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import type { Archivable } from './port.ts';

/** A column: how Parquet knows it, and what stands in it for a record. */
export type Column = { element: SchemaElement; of(row: Archivable): unknown };

type Kind = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

const TEXT: Kind = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
const BYTES: Kind = { type: 'BYTE_ARRAY' };
const INT: Kind = { type: 'INT32' };
const LONG: Kind = { type: 'INT64' };
const DOUBLE: Kind = { type: 'DOUBLE' };
/** Both ways of saying that it is a moment, not a reading of some clock: old readers know the first alone. */
const MOMENT: Kind = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
};

const column = (
  name: string,
  kind: Kind,
  of: Column['of'],
  repetition_type: 'OPTIONAL' | 'REQUIRED',
): Column => ({
  element: { name, repetition_type, ...kind },
  of,
});
const required = (name: string, kind: Kind, of: Column['of']) => column(name, kind, of, 'REQUIRED');
const optional = (name: string, kind: Kind, of: Column['of']) => column(name, kind, of, 'OPTIONAL');

const moment = (instant: string | null | undefined) => (instant ? BigInt(Date.parse(instant)) : null);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text that gives the same bytes back; null where there is none. */
function textOf(value: Uint8Array): string | null {
  try {
    return decoder.decode(value);
  } catch {
    return null;
  }
}

/** The record as it stood on the log, of which all else was read. */
const asItWas: Column[] = [
  required('topic', TEXT, ({ record }) => record.topic),
  required('partition', INT, ({ record }) => record.partition),
  required('offset', LONG, ({ record }) => BigInt(record.offset)),
  required('appended_at', MOMENT, ({ record }) => BigInt(record.appended_ms)),
  required('key', TEXT, ({ record }) => record.key),
  optional('envelope', TEXT, ({ record }) => textOf(record.value)),
  optional('envelope_bytes', BYTES, ({ record }) => (textOf(record.value) === null ? record.value : null)),
  optional('accepted_at', MOMENT, ({ envelope }) => moment(envelope?.accepted_at)),
  optional('tenant_id', TEXT, ({ envelope }) => envelope?.tenant_id),
];

/** What stands as the type of a deletion, which no event has. */
export const DELETION_TYPE = 'deletion';

const ofEvent = (name: string, kind: Kind, read?: (value: unknown) => unknown) =>
  optional(name === 'value' ? 'conversion_value' : name, kind, ({ envelope }) => {
    const personal = envelope as EventEnvelope | DeletionEnvelope | null;
    if (personal && isDeletion(personal)) {
      if (name === 'user_id') return personal.deletion.user_id;
      return name === 'type' ? DELETION_TYPE : null;
    }
    const value = (personal?.event as Record<string, unknown> | undefined)?.[name];
    return value === undefined || value === null ? null : read ? read(value) : value;
  });

const eventColumns: Column[] = [
  ...asItWas,
  ofEvent('type', TEXT),
  ofEvent('user_id', TEXT),
  ofEvent('message_id', TEXT),
  ofEvent('occurred_at', MOMENT, (value) => moment(value as string)),
  ofEvent('locale', TEXT),
  ofEvent('campaign_id', TEXT),
  ofEvent('text', TEXT),
  ofEvent('channel', TEXT),
  ofEvent('reply_to', TEXT),
  ofEvent('reply_to_user_id', TEXT),
  ofEvent('recommendation_id', TEXT),
  ofEvent('placement', TEXT),
  ofEvent('position', INT),
  ofEvent('value', DOUBLE),
];

const campaignOf = ({ envelope }: Archivable) => (envelope as CampaignEnvelope | null)?.campaign;
const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

const campaignColumns: Column[] = [
  ...asItWas,
  optional('campaign_id', TEXT, ({ envelope }) => (envelope as CampaignEnvelope | null)?.campaign_id),
  optional('title', TEXT, (row) => campaignOf(row)?.title),
  optional('text', TEXT, (row) => campaignOf(row)?.text),
  optional('tags', TEXT, (row) => json(campaignOf(row)?.tags)),
  optional('locales', TEXT, (row) => json(campaignOf(row)?.locales)),
  optional('status', TEXT, (row) => campaignOf(row)?.status),
  optional('starts_at', MOMENT, (row) => moment(campaignOf(row)?.starts_at)),
  optional('ends_at', MOMENT, (row) => moment(campaignOf(row)?.ends_at)),
  optional('boost', DOUBLE, (row) => campaignOf(row)?.boost),
  optional('attributes', TEXT, (row) => json(campaignOf(row)?.attributes)),
];

/** The columns of a topic's files, and the folder they stand in. */
export function tableOf(topic: string): { folder: 'events' | 'campaigns'; columns: readonly Column[] } {
  return topic === topics.campaigns
    ? { folder: 'campaigns', columns: campaignColumns }
    : { folder: 'events', columns: eventColumns };
}
