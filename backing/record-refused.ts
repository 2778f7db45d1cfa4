/**
 * A store will never take what one of the records holds, while it would take others: that record is to be set
 * apart. What it holds is not in the message.
 */
export class RecordRefused extends Error {
  readonly code = 'record_refused';
  readonly retryable = false;
}
