import type { Handler } from 'hono';
import * as v from 'valibot';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import { Campaign } from '#contract/campaign.ts';
import type { Clock } from '#contract/clock.ts';
import { campaignRecord } from '#contract/envelope.ts';
import { CampaignId } from '#contract/ids.ts';
import { ITEM_BYTES } from '#contract/limits.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { topics } from '#contract/topics.ts';
import { accepted, append } from './accept.ts';
import { requireScope, requireServer } from './access.ts';
import { decodeBody } from './decode-body.ts';
import { readJson } from './read-json.ts';

type Options = { log: Log; clock: Clock };
type Route = Handler<SignedEnv, '/v1/campaigns/:id'>;

const InPath = v.object({ campaign_id: CampaignId });

/** Writes the campaign of the path; 202 once the log has it. */
export function putCampaign(options: Options): Route {
  return async (c) => {
    const campaign_id = allowed(c.var.caller, c.req.param('id'));
    const { body, lease } = c.var;
    const bytes = await decodeBody(body, {
      encoding: c.req.header('content-encoding'),
      max_bytes: ITEM_BYTES,
      lease,
    });
    const mediaType = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
    if (mediaType !== 'application/json') {
      throw new Problem('unsupported-media-type', 'Send application/json, and say so in Content-Type', {
        headers: { Accept: 'application/json' },
      });
    }
    return write(c.var, campaign_id, parse(Campaign, named(readJson(bytes), campaign_id)), options);
  };
}

/** Writes that there is no such campaign; 202 once the log has it, whether there was one or not. */
export function deleteCampaign(options: Options): Route {
  return async (c) => write(c.var, allowed(c.var.caller, c.req.param('id')), null, options);
}

function allowed(caller: SignedEnv['Variables']['caller'], campaign_id: string): string {
  requireScope(caller, 'campaigns:write');
  requireServer(caller);
  return parse(InPath, { campaign_id }).campaign_id;
}

/** The body with the path's id; it may leave the id out, but not name another. */
function named(body: unknown, campaign_id: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  if (!('campaign_id' in body)) return { ...body, campaign_id };
  if (body.campaign_id !== campaign_id) {
    const detail = 'It differs from the id in the path; leave it out, or make them agree';
    throw new Problem('invalid-request', `/campaign_id: ${detail}`, {
      errors: [{ pointer: '/campaign_id', detail }],
    });
  }
  return body;
}

async function write(
  { caller, signal }: SignedEnv['Variables'],
  campaign_id: string,
  campaign: Campaign | null,
  { log, clock }: Options,
): Promise<Response> {
  const { tenant_id } = caller;
  const record = campaignRecord({
    tenant_id,
    accepted_at: new Date(clock()).toISOString(),
    campaign_id,
    campaign,
  });
  return accepted(await append([record], { log, topic: topics.campaigns, signal }), []);
}
