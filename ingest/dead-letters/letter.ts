import * as v from 'valibot';
import type { LogRecord, Message } from '#backing/log/port.ts';
import { livedAt } from '#contract/deletion.ts';
import { isDeletion, readPersonal } from '#contract/envelope.ts';
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

/** That the letters of a person are not to be told any more, but for those of what outlives their being forgotten. */
const Redacted = v.strictObject({ v: v.literal(1), forgotten: v.string(), forgotten_at: v.string() });

/** A record that a view could not process, as it stands on the topics `dead-letters` and `retry`. */
export type DeadLetter = v.InferOutput<typeof DeadLetter>;
/** What became of a dead letter, as it stands behind it on `dead-letters`. */
export type Settled = v.InferOutput<typeof Settled>;
/** Whose letters are not to be told any more, by the key of their events on the log. */
export type Redacted = v.InferOutput<typeof Redacted>;

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

/** The record that has a person's letters told no more. */
export function redactedRecord({ key, forgotten_at }: { key: string; forgotten_at: string }): Message {
  return { key, value: encoder.encode(JSON.stringify({ v: 1, forgotten: key, forgotten_at })) };
}

/** How long the log may still have held what was accepted before a person was forgotten. */
const HELD_MS = 7 * 24 * 3600_000;

/** Whether a letter holds what is to be forgotten of its person; one that cannot be read may, while the log did. */
export function isOfForgotten(letter: DeadLetter, forgotten_at: string): boolean {
  try {
    const envelope = readPersonal(Buffer.from(letter.value, 'base64'));
    if (isDeletion(envelope)) return false;
    const { accepted_at, event } = envelope;
    return livedAt({ accepted_at, occurred_at: event.occurred_at }) <= forgotten_at;
  } catch {
    return Date.parse(letter.at) <= Date.parse(forgotten_at) + HELD_MS;
  }
}

/** The record that a dead letter holds, as it stood where it came from. */
export function recordIn(letter: DeadLetter, appended_ms: number): LogRecord {
  const { topic, partition, offset, key, value } = letter;
  return { topic, partition, offset, key, value: Buffer.from(value, 'base64'), appended_ms };
}

/** Reads a record of `dead-letters` or `retry`; null for what is neither. */
export function readLetter(value: Uint8Array): DeadLetter | Settled | Redacted | null {
  try {
    const result = v.safeParse(v.union([DeadLetter, Settled, Redacted]), JSON.parse(decoder.decode(value)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

/** True for a letter, false for what was told of one or of a person. */
export function isLetter(read: DeadLetter | Settled | Redacted | null): read is DeadLetter {
  return read !== null && 'value' in read;
}
