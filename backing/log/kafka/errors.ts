import { LogUnavailable } from '../port.ts';

/** The cluster's topics, or what is asked of them, contradict the configuration: somebody must mend one of them. */
export class LogMisconfigured extends Error {
  readonly code = 'log_misconfigured';
  readonly retryable = false;
}

/** A message that no topic takes, however often it is sent. */
export class MessageTooLarge extends Error {
  readonly code = 'message_too_large';
  readonly retryable = false;
}

/** The brokers' word for an error, such as REBALANCE_IN_PROGRESS; else undefined. */
export const typeOf = (error: unknown) => (error as { type?: string } | null)?.type;

/**
 * The brokers and the producer disagree on what was sent before. A producer that goes on after this could have a
 * new batch taken for an old one: acknowledged, and never written.
 */
export function isSequenceError(error: unknown): boolean {
  return SEQUENCE_ERRORS.has(typeOf(error) ?? '');
}
const SEQUENCE_ERRORS = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'DUPLICATE_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
]);

/** The member's partitions are or will be another's. */
export function isExpulsion(error: unknown): boolean {
  return EXPULSIONS.has(typeOf(error) ?? '');
}
const EXPULSIONS = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** A topic is new, or a broker went: who leads a partition or keeps a group's offsets is being settled. */
export function isMoving(error: unknown): boolean {
  return MOVES.has(typeOf(error) ?? '');
}
const MOVES = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/** An error as one of the port's; those that are stay as they are. */
export function unavailable(what: string, error: unknown): Error {
  const known = error instanceof LogUnavailable || error instanceof LogMisconfigured;
  if (known || error instanceof MessageTooLarge) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new LogUnavailable(`${what}: ${why}`, { cause: error });
}
