import { ENCODED_BYTES, ITEM_BYTES } from '#contract/limits.ts';
import { Problem } from '#contract/problem.ts';
import { encodingOf, mediaType, readBytes } from '../body.ts';
import type { CampaignWrites } from '../gateway.ts';
import { withCommon } from '../respond.ts';
import { typeOf } from './events.ts';
import type { Asked, Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';

function pathOf({ id }: Asked): string {
  return `/v1/campaigns/${encodeURIComponent(id)}`;
}

async function bodyOf(request: Request, max_bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const body = await readBytes(request.body, max_bytes);
  if (body.byteLength === 0) throw new Problem('bad-request', 'The body is empty; send campaigns');
  return body;
}

/** Changes of the catalogue, handed to the gateway, which judges them. */
export function campaignWrites(write: CampaignWrites) {
  const about = ({ caller, traceparent }: Asked) => ({ caller, traceparent });

  const put: Handler = async (asked) => {
    const { request, query } = asked;
    refuseQuery(query);
    if (mediaType(request.headers) !== 'application/json') {
      throw new Problem('unsupported-media-type', 'Send the campaign as application/json');
    }
    const [type, encoding] = ['application/json', encodingOf(request.headers)] as const;
    const content = { type, encoding, body: await bodyOf(request, ITEM_BYTES) };
    return withCommon(await write({ ...about(asked), method: 'PUT', path: pathOf(asked), content }));
  };

  const remove: Handler = async (asked) => {
    refuseQuery(asked.query);
    return withCommon(await write({ ...about(asked), method: 'DELETE', path: pathOf(asked), content: null }));
  };

  const putMany: Handler = async (asked) => {
    const { request, query } = asked;
    refuseQuery(query);
    const [type, encoding] = [typeOf(request.headers), encodingOf(request.headers)];
    const content = { type, encoding, body: await bodyOf(request, ENCODED_BYTES) };
    return withCommon(await write({ ...about(asked), method: 'POST', path: '/v1/campaigns', content }));
  };

  return { put_campaign: put, delete_campaign: remove, put_campaigns: putMany };
}
