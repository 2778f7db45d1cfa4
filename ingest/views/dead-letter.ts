import type { Message } from '#backing/log/port.ts';
import { composite } from '#contract/ids.ts';
import type { BadRecord } from './read-records.ts';

/** A record that a view could not process, as it stands on the topic `dead-letters`. */
export type DeadLetter = {
  v: 1;
  /** The group that passed it over, and where the record stood. */
  group: string;
  topic: string;
  partition: number;
  offset: number;
  key: string;
  code: string;
  message: string;
  /** How often it was tried, this time included. */
  attempts: number;
  /** When it was passed over (RFC 3339). */
  at: string;
  /** The record's bytes as they were, in base64. */
  value: string;
};

const encoder = new TextEncoder();

/** The dead letter of a record. Its key is the origin, so that one that is written again can be told. */
export function deadLetter(
  { record, error }: BadRecord,
  { group, attempts, now_ms }: { group: string; attempts: number; now_ms: number },
): Message {
  const { topic, partition, offset, key, value } = record;
  const letter: DeadLetter = {
    v: 1,
    group,
    topic,
    partition,
    offset,
    key,
    code: error.code,
    message: error.message,
    attempts,
    at: new Date(now_ms).toISOString(),
    value: Buffer.from(value).toString('base64'),
  };
  return { key: composite(group, topic, partition, offset), value: encoder.encode(JSON.stringify(letter)) };
}
