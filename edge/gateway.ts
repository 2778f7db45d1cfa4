import { BOOKMARK_HEADER } from '#contract/bookmark.ts';
import type { Caller } from '#contract/caller.ts';
import { mediaType } from './body.ts';
import { retryAfter } from './origin.ts';
import { type SignedFetch, unavailable } from './signed-fetch.ts';

const DEADLINE_MS = 10_000;

export type Events = {
  caller: Caller;
  traceparent: string;
  /** As they came: encoded where `encoding` says so. */
  body: Uint8Array<ArrayBuffer>;
  type: 'application/json' | 'application/x-ndjson';
  encoding: 'gzip' | null;
};

/** Sends events to the gateway and gives its response, safe to hand on. Throws `out-of-time` or `unavailable`. */
export type Gateway = (events: Events) => Promise<Response>;

const ACCEPTED = 202;

/** The response with those headers alone that are meant for the caller, and the body as it streams in. */
function handedOn(response: Response): Response {
  const { status } = response;
  const type = mediaType(response.headers);
  if (
    !(status === ACCEPTED && type === 'application/json') &&
    !(status >= 400 && type === 'application/problem+json')
  ) {
    void response.body?.cancel();
    throw unavailable('The gateway gave no readable answer');
  }
  const headers = new Headers({ 'Content-Type': type, 'Cache-Control': 'no-store' });
  const bookmark = response.headers.get(BOOKMARK_HEADER);
  if (bookmark && /^[A-Za-z0-9_-]{1,8192}$/.test(bookmark)) headers.set(BOOKMARK_HEADER, bookmark);
  const retry_after = retryAfter(response.headers);
  if (retry_after) headers.set('Retry-After', retry_after);
  return new Response(response.body, { status, headers });
}

export function gatewayClient(send: SignedFetch): Gateway {
  return ({ caller, traceparent, body, type, encoding }) =>
    send(
      {
        method: 'POST',
        path: '/v1/events',
        caller,
        deadline_ms: DEADLINE_MS,
        headers: { traceparent, 'Content-Type': type, ...(encoding ? { 'Content-Encoding': encoding } : {}) },
        body,
      },
      handedOn,
    );
}
