import type { Context, Hono } from 'hono';
import { byteBudget } from '#backing/http/byte-budget.ts';
import { onlyMethods } from '#backing/http/errors.ts';
import type { Report } from '#backing/http/report.ts';
import { type SignedEnv, signedApp } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import { DECODED_BYTES, ENCODED_BYTES } from '#contract/limits.ts';
import type { Key } from '#contract/signature.ts';
import { topics } from '#contract/topics.ts';
import { acceptItems } from './accept.ts';
import { requireScope, requireServer } from './access.ts';
import { deleteCampaign, putCampaign } from './campaign-routes.ts';
import { decodeBody } from './decode-body.ts';
import { readItems } from './items.ts';
import { campaignJudge } from './judge-campaign.ts';
import { eventJudge } from './judge-event.ts';

export type GatewayOptions = {
  log: Log;
  keys: readonly Key[];
  clock: Clock;
  /** What the bodies of all requests at hand may weigh together, unpacked; beyond it a 503 with Retry-After. */
  max_bytes_at_hand?: number;
  report?: Report;
};

const AT_HAND_BYTES = 64 * 1024 * 1024;

/** Where events and campaigns come in: signed requests only, 202 once the log has them. */
export function gatewayApp({
  log,
  keys,
  clock,
  max_bytes_at_hand = AT_HAND_BYTES,
  report,
}: GatewayOptions): Hono<SignedEnv> {
  const app = signedApp({
    keys,
    clock,
    max_body_bytes: ENCODED_BYTES,
    budget: byteBudget(max_bytes_at_hand),
    ...(report && { report }),
  });

  const events = (topic: string, imported: boolean) => async (c: Context<SignedEnv>) => {
    const { caller, signal } = c.var;
    requireScope(caller, 'events:write');
    if (imported) requireServer(caller);
    const items = readItems(await decoded(c), c.req.header('content-type'), 'events');
    return acceptItems(items, eventJudge({ caller, now_ms: clock(), imported }), { log, topic, signal });
  };
  app.post('/v1/events', events(topics.events, false));
  app.post('/internal/imports', events(topics.imports, true));

  app.post('/v1/campaigns', async (c) => {
    const { caller, signal } = c.var;
    requireScope(caller, 'campaigns:write');
    requireServer(caller);
    const items = readItems(await decoded(c), c.req.header('content-type'), 'campaigns');
    const judge = campaignJudge({ tenant_id: caller.tenant_id, now_ms: clock() });
    return acceptItems(items, judge, { log, topic: topics.campaigns, signal });
  });
  app.put('/v1/campaigns/:id', putCampaign({ log, clock }));
  app.delete('/v1/campaigns/:id', deleteCampaign({ log, clock }));

  for (const path of ['/v1/events', '/internal/imports', '/v1/campaigns']) app.all(path, onlyMethods('POST'));
  app.all('/v1/campaigns/:id', onlyMethods('PUT', 'DELETE'));
  return app;
}

function decoded(c: Context<SignedEnv>): Promise<Uint8Array> {
  const { body, lease } = c.var;
  return decodeBody(body, { encoding: c.req.header('content-encoding'), max_bytes: DECODED_BYTES, lease });
}
