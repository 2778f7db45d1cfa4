import * as v from 'valibot';
import type { LogRecord, Message } from '#backing/log/port.ts';
import { composite } from '#contract/ids.ts';

const Whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const Origin = {
  v: v.literal(1),
  /** The group that passed the record over, and where that stood. */
  group: v.string(),
  topic: v.string(),
  partition: Whole,
  offset: Whole,
};

const DeadLetter = v.strictObject({
  ...Origin,
  key: v.string(),
  code: v.string(),
  message: v.string(),
  /** How often it was tried, this time included. */
  attempts: Whole,
  /** When it was passed over (RFC 3339). */
  at: v.string(),
  /** The record's bytes as they were, in base64. */
  value: v.pipe(v.string(), v.base64()),
});

const Settled = v.strictObject({ ...Origin, settled: v.picklist(['redriven', 'dropped']), at: v.string() });

/** A record that a view could not process, as it stands on the topics `dead-letters` and `retry`. */
export type DeadLetter = v.InferOutput<typeof DeadLetter>;
/** What became of a dead letter, as it stands behind it on `dead-letters`. */
export type Settled = v.InferOutput<typeof Settled>;

/** Which record it is of, and who passed it over. */
export type LetterOrigin = Pick<DeadLetter, 'group' | 'topic' | 'partition' | 'offset'>;

/** Why a record was passed over; `code` is stable, and `message` names nothing of the record. */
export type Failed = { record: LogRecord; error: { code: string; message: string }; attempts: number };

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** All that is told of one record by one group has one key, and so one partition, in order. */
const keyOf = ({ group, topic, partition, offset }: LetterOrigin) =>
  composite(group, topic, partition, offset);

/** How a person names a dead letter. */
export function letterId({ group, topic, partition, offset }: LetterOrigin): string {
  return [group, topic, partition, offset].join(':');
}

/** The dead letter of a record. */
export function deadLetter(
  { record, error, attempts }: Failed,
  { group, now_ms }: { group: string; now_ms: number },
): Message {
  const { topic, partition, offset, key, value } = record;
  const { code, message } = error;
  const at = new Date(now_ms).toISOString();
  const bytes = Buffer.from(value).toString('base64');
  const letter = { v: 1, group, topic, partition, offset, key, code, message, attempts, at, value: bytes };
  return { key: keyOf({ group, topic, partition, offset }), value: encoder.encode(JSON.stringify(letter)) };
}

/** The record that puts a dead letter before its group again. It keeps the key, and so the order, of what it holds. */
export function retryRecord(letter: DeadLetter): Message {
  return { key: letter.key, value: encoder.encode(JSON.stringify(letter)) };
}

/** The record that says what became of a dead letter. */
export function settledRecord(origin: LetterOrigin, settled: Settled['settled'], now_ms: number): Message {
  const { group, topic, partition, offset } = origin;
  const at = new Date(now_ms).toISOString();
  return {
    key: keyOf(origin),
    value: encoder.encode(JSON.stringify({ v: 1, group, topic, partition, offset, settled, at })),
  };
}

/** The record that a dead letter holds, as it stood where it came from. */
export function recordIn(letter: DeadLetter, appended_ms: number): LogRecord {
  const { topic, partition, offset, key, value } = letter;
  return { topic, partition, offset, key, value: Buffer.from(value, 'base64'), appended_ms };
}

/** Reads a record of `dead-letters` or `retry`; null for what is neither. */
export function readLetter(value: Uint8Array): DeadLetter | Settled | null {
  try {
    const result = v.safeParse(v.union([DeadLetter, Settled]), JSON.parse(decoder.decode(value)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}
