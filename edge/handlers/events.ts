import { ENCODED_BYTES } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import { mediaType, readBytes } from '../body.ts';
import type { Events, Gateway } from '../gateway.ts';
import { withCommon } from '../respond.ts';
import { traceparent } from '../traceparent.ts';
import type { Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

function typeOf(headers: Headers): Events['type'] {
  const type = mediaType(headers);
  if (type === 'application/json' || type === 'application/x-ndjson') return type;
  throw new Problem('unsupported-media-type', 'Send events as application/json or application/x-ndjson');
}

function encodingOf(headers: Headers): Events['encoding'] {
  const encoding = headers.get('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return null;
  if (encoding === 'gzip') return 'gzip';
  throw new Problem('unsupported-media-type', 'Send events plain, or with the Content-Encoding gzip');
}

/** Hands events to the gateway as they came, which judges them one by one. */
export function events(gateway: Gateway): Handler {
  return async ({ request, caller, query }) => {
    refuseQuery(query);
    const [type, encoding] = [typeOf(request.headers), encodingOf(request.headers)];
    const body = await readBytes(request.body, ENCODED_BYTES);
    if (body.byteLength === 0) throw new Problem('bad-request', 'The body is empty; send events');
    return withCommon(
      await gateway({ caller, traceparent: traceparent(request.headers), body, type, encoding }),
    );
  };
}
