/** What somebody at the keyboard can mend. The message is a sentence that says how. */
export class Mendable extends Error {
  readonly code = 'mendable';
  readonly retryable = false;
}

/** Errors of other parts whose message is such a sentence, by their code. */
const SENTENCES = new Set([
  'mendable',
  'bad_settings',
  'log_unavailable',
  'folder_in_use',
  'folder_too_new',
  'folder_unusable',
  'bad_settings',
  'services_unreachable',
  'archive_busy',
  'archive_damaged',
  'objects_refused',
  'objects_unavailable',
  'postgres_unavailable',
  'postgres_refused',
  'not_now',
  'history_lost',
  'versions_differ',
  'views_at_rest',
  'no_tables',
]);
/** Those of a server that cannot listen, by the code of their cause. */
const LISTENING = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND']);

/** True where the message says what to do, so that a stack would only be in the way. */
function isMendable(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return SENTENCES.has(String(code)) || LISTENING.has(String(cause?.code));
}

/** What to print of a failure: a sentence, or with `verbose`, and where nobody foresaw it, all there is. */
export function explain(error: unknown, verbose: boolean): string {
  if (isMendable(error)) return verbose ? (error.stack ?? error.message) : error.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Something failed inside; this is a defect of Edgewise, please report it:\n${stack}`;
}
