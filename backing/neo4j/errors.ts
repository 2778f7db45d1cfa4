import { isRetryableError, Neo4jError } from 'neo4j-driver';

/** Neo4j cannot be reached, or broke the connection off. */
export class Neo4jUnavailable extends Error {
  readonly code = 'neo4j_unavailable';
  readonly retryable = true;
}

/** Neo4j took longer than it had: it cut the transaction off, or gave no sign any more. */
export class Neo4jTimeout extends Error {
  readonly code = 'neo4j_timeout';
  readonly retryable = true;
}

/** The transaction gave way to another, again and again. */
class Neo4jConflict extends Error {
  readonly code = 'neo4j_conflict';
  readonly retryable = true;
}

/** Neo4j will not do what it was asked, however often: a statement, a value, a right or a password is wrong. */
export class Neo4jRefused extends Error {
  readonly code = 'neo4j_refused';
  readonly retryable = false;
}

/** What status codes stand for (Neo4j 5, "Status codes for errors"), and the driver's own. */
const MEANINGS = [
  [
    /^(ServiceUnavailable|SessionExpired|ProtocolError)$|DatabaseUnavailable|NotALeader/,
    Neo4jUnavailable,
    'cannot be reached',
  ],
  [/TransactionTimedOut/, Neo4jTimeout, 'cut the transaction off at its deadline'],
  [/\.Security\./, Neo4jRefused, 'does not let this user in: mend the user or the password'],
] as const;

/** What a statement had found was taken away, or added to, by another before it was done. */
const GONE = /EntityNotFound|ConstraintValidationFailed/;

/**
 * The coded error for what the driver threw; a bug of ours is given back as it is. The words of the server quote
 * values, and with them ids: they stay out of the message, and of the cause.
 */
export function codedError(error: unknown, server: string): unknown {
  if (!(error instanceof Neo4jError)) return error;
  const { code } = error;
  const cause = code.startsWith('Neo.') ? new Error(code) : error;
  const known = MEANINGS.find(([pattern]) => pattern.test(code));
  if (known) return new known[1](`Neo4j at ${server} ${known[2]} (${code})`, { cause });
  if (isRetryableError(error) || GONE.test(code)) {
    return new Neo4jConflict(`Neo4j at ${server} gave way to another transaction (${code})`, { cause });
  }
  return new Neo4jRefused(`Neo4j at ${server} refused the statement (${code})`, { cause });
}
