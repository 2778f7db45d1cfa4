import { ObjectChanged, ObjectExists, ObjectsRefused, ObjectsUnavailable } from './port.ts';

/** What the SDK throws where the server has answered. */
type Answered = Error & { $metadata?: { httpStatusCode?: number } };

const statusOf = (error: unknown) => (error as Answered | null)?.$metadata?.httpStatusCode;

/** There is no such object (not: no such bucket). */
export function isMissing(error: unknown): boolean {
  const { name } = error as Answered;
  return name === 'NoSuchKey' || name === 'NotFound';
}

/** The condition of a write did not hold, or another write of the object was going on (409, AWS alone). */
export function isConflict(error: unknown): boolean {
  const { name } = error as Answered;
  return statusOf(error) === 412 || name === 'ConditionalRequestConflict';
}

/** What to mend, by the names that S3 gives to its errors. */
const REFUSED: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is none of that name: make it, or mend the name',
  NotFound: 'there is none of that name: make it, or mend the name',
  AccessDenied: 'these credentials have no right to do this: give them that right, or mend them',
  Forbidden: 'these credentials have no right to do this: give them that right, or mend them',
  InvalidAccessKeyId: 'the access key is unknown: mend the credentials',
  // So versitygw calls it.
  XAdminUserNotFound: 'the access key is unknown: mend the credentials',
  SignatureDoesNotMatch: 'the secret key does not fit the access key: mend the credentials',
  AuthorizationHeaderMalformed: 'the region is another: mend the region',
  PermanentRedirect: 'the region is another: mend the region',
  CredentialsProviderError: 'no credentials were found: set them',
};

/** What passes by itself, though its status says that the request was wrong. */
const PASSING = new Set(['RequestTimeout', 'ExpiredToken', 'RequestTimeTooSkewed', 'OperationAborted']);

/**
 * The coded error for what the SDK threw. Its own errors hold requests, addresses and fields of the server's
 * answer: only their name, status and the server's number of the request are kept.
 */
export function codedError(error: unknown, where: string): Error {
  if (error instanceof ObjectExists || error instanceof ObjectChanged) return error;
  if (error instanceof ObjectsRefused || error instanceof ObjectsUnavailable) return error;
  const {
    name = 'Error',
    code,
    $metadata,
  } = error as Answered & { code?: string; $metadata?: { requestId?: string } };
  const status = statusOf(error);
  const cause = Object.assign(
    new Error([name, code, status, $metadata?.requestId].filter(Boolean).join(' ')),
    {
      name,
    },
  );
  const wrong = REFUSED[name] ?? (status === 403 ? REFUSED['Forbidden'] : undefined);
  if (wrong && !PASSING.has(name)) return new ObjectsRefused(`${where}: ${wrong}`, { cause });
  const isWrong = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (isWrong && !PASSING.has(name))
    return new ObjectsRefused(`${where} refused what it was asked (${name}, ${status})`, { cause });
  return new ObjectsUnavailable(`${where} cannot be reached or has no room (${code ?? name})`, { cause });
}
