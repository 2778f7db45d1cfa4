import { type Answer, readAnswer } from '#contract/answer.ts';
import { BOOKMARK_HEADER } from '#contract/bookmark.ts';
import type { Caller } from '#contract/caller.ts';
import { originTimes } from '#contract/dependency-times.ts';
import { Problem } from '#contract/problem.ts';
import { mediaType, readBytes } from './body.ts';
import { type Breaker, BreakerOpen } from './breaker.ts';
import { type SignedFetch, unavailable } from './signed-fetch.ts';

const MOST_BYTES = 2 * 1024 * 1024;

/** What the origin says, as plain data that can go from one request to another. */
export type Reply =
  /** JSON; `answer` is null where it is not for keeping, `times` what the origin waited for, for `Server-Timing`. */
  | { kind: 'answer'; body: string; etag: string | null; answer: Answer | null; times: readonly string[] }
  /** Problem details, to be passed on as they are. */
  | { kind: 'problem'; status: number; body: string; retry_after: string | null };

type Question = {
  method: 'GET' | 'POST';
  path: string;
  caller: Caller;
  traceparent: string;
  deadline_ms: number;
  /** What is sent, as JSON. */
  body?: unknown;
  /** What must be readable to whoever answers, as the header has it; null where nothing must. */
  bookmark?: string | null;
};

/** Asks the origin. Throws `out-of-time` or `unavailable`. */
export type Origin = (question: Question) => Promise<Reply>;

/** True for the one form of ETag that is passed on: quoted, weak or strong (RFC 9110, section 8.8.3). */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/** `Retry-After` in seconds, null where it is anything else. */
export function retryAfter(headers: Headers): string | null {
  const given = headers.get('Retry-After');
  return given && /^\d{1,6}$/.test(given) ? given : null;
}

async function textOf(response: Response): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(
      await readBytes(response.body, MOST_BYTES),
    );
  } catch (error) {
    if (error instanceof TypeError || error instanceof Problem)
      throw unavailable('The origin gave no readable answer');
    throw error;
  }
}

async function replyOf(response: Response): Promise<Reply> {
  const { status, headers } = response;
  const type = mediaType(headers);
  if (status === 200 && type === 'application/json') {
    const body = await textOf(response);
    const etag = headers.get('ETag');
    const known = etag !== null && ETAG.test(etag);
    return {
      kind: 'answer',
      body,
      etag: known ? etag : null,
      answer: known ? readAnswer(headers, body) : null,
      times: originTimes(headers.get('Server-Timing')),
    };
  }
  if (status >= 400 && type === 'application/problem+json') {
    return { kind: 'problem', status, body: await textOf(response), retry_after: retryAfter(headers) };
  }
  await response.body?.cancel();
  throw unavailable('The origin gave no readable answer');
}

const encoder = new TextEncoder();

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encoder.encode(JSON.stringify(value)));
}

export function originClient(send: SignedFetch): Origin {
  return ({ method, path, caller, traceparent, deadline_ms, body, bookmark }) => {
    const headers: Record<string, string> = { traceparent };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (bookmark) headers[BOOKMARK_HEADER] = bookmark;
    const bytes = body === undefined ? null : jsonBytes(body);
    return send({ method, path, caller, deadline_ms, headers, body: bytes }, replyOf);
  };
}

/** True for a reply that says that the origin fails, not that the question is wrong. */
export function isFailure(reply: Reply): boolean {
  return reply.kind === 'problem' && reply.status >= 500;
}

/** The origin behind a breaker: one that keeps failing is not asked for a while, which is `unavailable`. */
export function guardedOrigin(origin: Origin, breaker: Breaker): Origin {
  return async (question) => {
    try {
      return await breaker.run(() => origin(question), isFailure);
    } catch (error) {
      if (error instanceof BreakerOpen) throw unavailable('The origin cannot be reached just now; try again');
      throw error;
    }
  };
}
