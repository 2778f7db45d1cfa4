import { BOOKMARK_HEADER } from '#contract/bookmark.ts';
import type { Caller } from '#contract/caller.ts';
import { mediaType } from './body.ts';
import { type Breaker, BreakerOpen } from './breaker.ts';
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

/** A change of the catalogue; `content` is null where something is removed. */
type CampaignWrite = Pick<Events, 'caller' | 'traceparent'> & {
  method: 'PUT' | 'POST' | 'DELETE';
  path: string;
  content: Pick<Events, 'body' | 'type' | 'encoding'> | null;
};

/** Sends changes of the catalogue, as `Gateway` sends events. */
export type CampaignWrites = (write: CampaignWrite) => Promise<Response>;

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

export function campaignClient(send: SignedFetch): CampaignWrites {
  return ({ caller, traceparent, method, path, content }) => {
    const headers: Record<string, string> = { traceparent };
    if (content) headers['Content-Type'] = content.type;
    if (content?.encoding) headers['Content-Encoding'] = content.encoding;
    const body = content?.body ?? null;
    return send({ method, path, caller, deadline_ms: DEADLINE_MS, headers, body }, handedOn);
  };
}

/** The gateway behind a breaker: while it keeps failing, nobody waits for it. */
export function guardedGateway(gateway: Gateway, breaker: Breaker): Gateway {
  return async (events) => {
    try {
      return await breaker.run(
        () => gateway(events),
        ({ status }) => status >= 500,
      );
    } catch (error) {
      if (error instanceof BreakerOpen) throw unavailable('Events cannot be taken just now; send them again');
      throw error;
    }
  };
}
