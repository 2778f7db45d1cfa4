import type { KafkaMessage, Message as Sent } from 'kafkajs';
import { partitionOf } from '../partition.ts';
import type { LogRecord, Message } from '../port.ts';
import { MessageTooLarge } from './errors.ts';

/** The most that a message may be, in bytes. */
export const MAX_MESSAGE_BYTES = 1_000_000;
/** What a message costs beside its key and value, about. */
const OVERHEAD_BYTES = 128;

/** A message as kafkajs sends it, to a partition that is settled. */
export type Prepared = Sent & { partition: number; bytes: number };

/** Throws MessageTooLarge for one that no topic takes. */
export function prepared({ key, value, traceparent }: Message, partitions: number): Prepared {
  const bytes = key.length + value.byteLength + OVERHEAD_BYTES;
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new MessageTooLarge(`A message has ${bytes} bytes; the log takes up to ${MAX_MESSAGE_BYTES}`);
  }
  const bytesOf = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const message = { key, value: bytesOf, partition: partitionOf(key, partitions), bytes };
  return traceparent === undefined ? message : { ...message, headers: { traceparent } };
}

export function recordOf(
  topic: string,
  partition: number,
  {
    offset,
    key,
    value,
    timestamp,
    headers,
  }: Pick<KafkaMessage, 'offset' | 'key' | 'value' | 'timestamp' | 'headers'>,
): LogRecord {
  const record: LogRecord = {
    topic,
    partition,
    offset: Number(offset),
    key: key?.toString() ?? '',
    value: value ?? new Uint8Array(0),
    appended_ms: Number(timestamp),
  };
  const traceparent = headers?.['traceparent'];
  if (traceparent !== undefined) record.traceparent = String(traceparent);
  return record;
}
