/** What can go wrong, by a stable name: the last part of `type`. */
const kinds = {
  'bad-request': [400, 'The request cannot be read'],
  'invalid-request': [422, 'The request does not hold what it should'],
  unauthenticated: [401, 'Who is asking is not known'],
  forbidden: [403, 'The token does not allow this'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'The method is not for this address'],
  'too-slow': [408, 'The body did not come in time'],
  'pending-write': [412, 'What was written before cannot be read yet'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is of a kind that is not read here'],
  'none-accepted': [422, 'Nothing in the body could be accepted'],
  'too-many-requests': [429, 'More was asked than is allowed'],
  overloaded: [503, 'Too much is being asked at once'],
  unavailable: [503, 'The answer cannot be made just now'],
  'out-of-time': [504, 'The answer was not ready in time'],
  internal: [500, 'Something failed inside'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof kinds;

/** A field that is wrong: a JSON pointer to it (RFC 6901), and what to mend. */
export type FieldError = { pointer: string; detail: string };

const PREFIX = 'urn:edgewise:problem:';

/** A failure that is answered as RFC 9457 problem details. `detail` is for a person, and names no secret. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    {
      errors = [],
      headers = {},
      extra = {},
      cause,
    }: {
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
      extra?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause });
    this.kind = kind;
    this.status = kinds[kind][0];
    this.errors = errors;
    this.headers = headers;
    this.extra = extra;
  }

  /** The response; `instance` is the path that was asked for. */
  toResponse(instance: string): Response {
    const { kind, status, message: detail, errors, headers, extra } = this;
    const body = { type: PREFIX + kind, title: kinds[kind][1], status, detail, instance, ...extra };
    return new Response(JSON.stringify(errors.length ? { ...body, errors } : body), {
      status,
      headers: { ...headers, 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
    });
  }
}

/** The problem a failure is answered as: itself where it is one, else one that tells nothing of the inside. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem('internal', 'Try again; if it stays, tell the operator', { cause: error });
}
