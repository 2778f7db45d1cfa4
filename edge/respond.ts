import type { Problem } from '#contract/problem.ts';
import { notModified } from './conditional.ts';
import type { Asked } from './handlers/handler.ts';
import type { Reply } from './origin.ts';
import { NO_TIME } from './server-timing.ts';

const COMMON = { Vary: 'Authorization, Origin', 'X-Content-Type-Options': 'nosniff' } as const;

/** How the answer came about, for its headers; what is null is not told. */
export type Told = { cache_status: string; age_s: number | null; server_timing: string };

/** What all answers have, and those with a text beside it, by the caller's policy, of which there are a few. */
const shared = new Map<string | null, { unchanged: Headers; text: Headers }>();

function sharedHeaders(policy: string | null) {
  let both = shared.get(policy);
  if (!both) {
    const unchanged = new Headers({
      ...COMMON,
      'Cache-Control': 'private, no-cache',
      'Server-Timing': NO_TIME,
    });
    if (policy !== null) unchanged.set('RateLimit-Policy', policy);
    const text = new Headers(unchanged);
    text.set('Content-Type', 'application/json');
    both = { unchanged, text };
    shared.set(policy, both);
  }
  return both;
}

/**
 * An answer in JSON with its headers; 304 where the client has it already. What answers share is copied as a whole, which
 * workerd does without looking at it: header by header it would cost more than all else here.
 */
export function answerResponse(asked: Asked, body: string, etag: string | null, told: Told): Response {
  asked.cache_status = told.cache_status;
  const { unchanged, text } = sharedHeaders(asked.policy);
  const response =
    etag !== null && notModified(asked.request, etag)
      ? new Response(null, { status: 304, headers: unchanged })
      : new Response(body, { headers: text });
  const { headers } = response;
  headers.set('Cache-Status', told.cache_status);
  if (told.server_timing !== NO_TIME) headers.set('Server-Timing', told.server_timing);
  if (told.age_s !== null) headers.set('Age', String(told.age_s));
  if (etag !== null) headers.set('ETag', etag);
  return response;
}

/** A problem that a tier behind the edge has told, as it told it. */
export function passedOn({ status, body, retry_after }: Extract<Reply, { kind: 'problem' }>): Response {
  const headers: Record<string, string> = {
    ...COMMON,
    'Cache-Control': 'no-store',
    'Content-Type': 'application/problem+json',
  };
  if (retry_after !== null) headers['Retry-After'] = retry_after;
  return new Response(body, { status, headers });
}

/** A problem of the edge's own. */
export function problemResponse(problem: Problem, request: Request): Response {
  const response = problem.toResponse(new URL(request.url).pathname);
  return withCommon(response);
}

/** The response with the headers that every response has. */
export function withCommon(response: Response): Response {
  for (const [name, value] of Object.entries(COMMON)) response.headers.set(name, value);
  return response;
}
