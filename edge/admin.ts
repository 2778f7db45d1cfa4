import type { Caller } from '#contract/caller.ts';
import { mediaType, readBytes } from './body.ts';
import { retryAfter } from './origin.ts';
import { type SignedFetch, unavailable } from './signed-fetch.ts';

const DEADLINE_MS = 5_000;
const MOST_BYTES = 2 * 1024 * 1024;

type Command = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  caller: Caller;
  traceparent: string;
  body?: unknown;
};

/** Has the origin do something for a tenant's admin, and gives its answer, which nobody may keep. */
export type Admin = (command: Command) => Promise<Response>;

const encoder = new TextEncoder();

async function handedOn(response: Response): Promise<Response> {
  const { status } = response;
  const type = mediaType(response.headers);
  const done = (status === 200 || status === 201) && type === 'application/json';
  if (!done && !(status >= 400 && type === 'application/problem+json')) {
    await response.body?.cancel();
    throw unavailable('The origin gave no readable answer');
  }
  const body = await readBytes(response.body, MOST_BYTES);
  const headers = new Headers({ 'Content-Type': type, 'Cache-Control': 'no-store' });
  const retry_after = retryAfter(response.headers);
  if (retry_after) headers.set('Retry-After', retry_after);
  return new Response(body, { status, headers });
}

export function adminClient(send: SignedFetch): Admin {
  return ({ method, path, caller, traceparent, body }) => {
    const bytes = body === undefined ? null : new Uint8Array(encoder.encode(JSON.stringify(body)));
    const headers = bytes ? { traceparent, 'Content-Type': 'application/json' } : { traceparent };
    return send({ method, path, caller, deadline_ms: DEADLINE_MS, headers, body: bytes }, handedOn);
  };
}
