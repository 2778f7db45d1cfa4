import { ENCODED_BYTES } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import { encodingOf, mediaType, readBytes } from '../body.ts';
import type { Events, Gateway } from '../gateway.ts';
import type { EventQueue } from '../queue/accept.ts';
import { withCommon } from '../respond.ts';
import type { Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

export function typeOf(headers: Headers): Events['type'] {
  const type = mediaType(headers);
  if (type === 'application/json' || type === 'application/x-ndjson') return type;
  throw new Problem('unsupported-media-type', 'Send application/json or application/x-ndjson');
}

/** True where the gateway says that it fails, not that the events are wrong. */
const fails = ({ status }: Response) => status >= 500;

/**
 * Hands events to the gateway as they came, which judges them one by one; or, where that fails and there is
 * one, to the queue.
 */
export function events(gateway: Gateway, queue: EventQueue | null): Handler {
  return async ({ request, caller, query, traceparent }) => {
    refuseQuery(query);
    const [type, encoding] = [typeOf(request.headers), encodingOf(request.headers)];
    const body = await readBytes(request.body, ENCODED_BYTES);
    if (body.byteLength === 0) throw new Problem('bad-request', 'The body is empty; send events');
    const sent = { caller, traceparent, body, type, encoding };
    if (!queue) return withCommon(await gateway(sent));
    const response = await gateway(sent).catch((error) => {
      if (error instanceof Problem && error.status >= 500) return null;
      throw error;
    });
    if (response && !fails(response)) return withCommon(response);
    void response?.body?.cancel();
    return withCommon(await queue(sent));
  };
}
