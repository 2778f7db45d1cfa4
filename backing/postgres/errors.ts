import { DatabaseError } from 'pg';
import { certificateFault } from '../certificate-fault.ts';
import { RecordRefused } from '../record-refused.ts';

/** PostgreSQL cannot be reached, has gone away, or has no room just now: nothing is wrong with what was asked. */
export class PostgresUnavailable extends Error {
  readonly code = 'postgres_unavailable';
  readonly retryable = true;
}

/** Others wrote the same rows at the same time, and this transaction had to give way. */
class PostgresConflict extends Error {
  readonly code = 'postgres_conflict';
  readonly retryable = true;
}

/** The server cut a statement off at its deadline. */
export class PostgresTimeout extends Error {
  readonly code = 'postgres_timeout';
  readonly retryable = true;
}

/** PostgreSQL will not do what it was asked, however often: a statement, a value, a right or a table is wrong. */
export class PostgresRefused extends Error {
  readonly code = 'postgres_refused';
  readonly retryable = false;
}

/** What a SQLSTATE stands for (PostgreSQL 15, appendix A); some by their class, the first two characters. */
const MEANINGS = [
  [/^(40001|40P01|55P03)$/, PostgresConflict, 'gave way to another transaction'],
  [/^57014$/, PostgresTimeout, 'cut the statement off at its deadline'],
  [/^(08|53|57P|25P03|25006)/, PostgresUnavailable, 'has gone away or has no room'],
  [/^(42P01|3F000)$/, PostgresRefused, 'lacks a table: run its migrations (npm run migrate -- up)'],
  [/^(22(00[1378]|02[136]|P0[2-5])|235(02|03|05))$/, RecordRefused, 'will not take a value'],
  [/^28/, PostgresRefused, 'does not let this user in: mend the user or the password in its address'],
] as const;
const OTHERWISE = [/^/, PostgresRefused, 'refused the statement'] as const;

/**
 * The coded error for what `pg` threw, with that as its cause; a bug of ours is given back as it is. `server`
 * is told as it stands, so it names no password; what a message could tell of rows is taken out of the cause.
 */
export function codedError(error: unknown, server: string): unknown {
  if (error instanceof DatabaseError) {
    Object.assign(error, { detail: undefined, where: undefined });
    const { code: sqlstate = '', table, column, constraint } = error;
    const [, Coded, what] = MEANINGS.find(([pattern]) => pattern.test(sqlstate)) ?? OTHERWISE;
    const at = [table, column ?? constraint].filter(Boolean).join('.');
    const where = [`SQLSTATE ${sqlstate}`, at].filter(Boolean).join(', ');
    return new Coded(`PostgreSQL at ${server} ${what} (${where})`, { cause: error });
  }
  if (!isOfTheConnection(error)) return error;
  const untrusted = certificateFault(error);
  if (untrusted)
    return new PostgresRefused(`PostgreSQL at ${server} ${untrusted}: see POSTGRES_CA`, { cause: error });
  const why = (error as { code?: string }).code ?? error.message;
  return new PostgresUnavailable(`PostgreSQL at ${server} cannot be reached (${why})`, { cause: error });
}

/** How `pg` and `pg-pool` tell of a connection. Only what the system says of one has a code. */
const OF_THE_CONNECTION = /connect|Query read timeout|Client was closed|SSL/i;

function isOfTheConnection(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return 'code' in error || OF_THE_CONNECTION.test(error.message);
}

/** True where a row has no partition to go to, as codedError gives it: a check that failed and has no name. */
export function isMissingPartition(error: unknown): boolean {
  const cause = error instanceof PostgresRefused ? error.cause : undefined;
  return cause instanceof DatabaseError && cause.code === '23514' && cause.constraint === undefined;
}

/** True for what may go well when it is tried again. */
export function isRetryable(error: unknown): boolean {
  return error instanceof Error && (error as { retryable?: unknown }).retryable === true;
}
