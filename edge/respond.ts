import type { Problem } from '#contract/problem.ts';
import { notModified } from './conditional.ts';
import type { Asked } from './handlers/handler.ts';
import type { Reply } from './origin.ts';

const COMMON = { Vary: 'Authorization, Origin', 'X-Content-Type-Options': 'nosniff' } as const;

/** How the answer came about, for its headers; what is null is not told. */
export type Told = { cache_status: string; age_s: number | null; server_timing: string };

/** An answer in JSON with its final headers; 304 where the client has it already. */
export function answerResponse(asked: Asked, body: string, etag: string | null, told: Told): Response {
  asked.cache_status = told.cache_status;
  const headers: Record<string, string> = {
    ...COMMON,
    'Cache-Control': 'private, no-cache',
    'Cache-Status': told.cache_status,
    'Server-Timing': told.server_timing,
  };
  if (asked.policy !== null) headers['RateLimit-Policy'] = asked.policy;
  if (told.age_s !== null) headers['Age'] = String(told.age_s);
  if (etag !== null) {
    headers['ETag'] = etag;
    if (notModified(asked.request, etag)) return new Response(null, { status: 304, headers });
  }
  headers['Content-Type'] = 'application/json';
  return new Response(body, { headers });
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
