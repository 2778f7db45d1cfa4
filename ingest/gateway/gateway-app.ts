import type { Meter } from '@opentelemetry/api';
import type { Context, Hono } from 'hono';
import { byteBudget } from '#backing/http/byte-budget.ts';
import { onlyMethods } from '#backing/http/errors.ts';
import type { Report } from '#backing/http/report.ts';
import { type SignedEnv, signedApp } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import type { Clock } from '#contract/clock.ts';
import { DECODED_BYTES, ENCODED_BYTES } from '#contract/limits.ts';
import { QUEUED_PATH } from '#contract/queued-events.ts';
import type { Key } from '#contract/signature.ts';
import { topics } from '#contract/topics.ts';
import { acceptItems } from './accept.ts';
import { requireScope, requireServer } from './access.ts';
import { deleteCampaign, putCampaign } from './campaign-routes.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import { decodeBody } from './decode-body.ts';
import { forgetPerson } from './deletion-routes.ts';
import { readItems } from './items.ts';
import { campaignJudge } from './judge-campaign.ts';
import { eventJudge } from './judge-event.ts';
import { addLearningRoutes } from './learning-routes.ts';
import { observedLog } from './observed-log.ts';
import { readQueued } from './queued.ts';

export type GatewayOptions = {
  log: Log;
  keys: readonly Key[];
  clock: Clock;
  /** What the bodies of all requests at hand may weigh together, unpacked; beyond it a 503 with Retry-After. */
  max_bytes_at_hand?: number;
  report?: Report;
  meter?: Meter;
  traces?: Traces | undefined;
};

const AT_HAND_BYTES = 64 * 1024 * 1024;

/** Where events and campaigns come in: signed requests only, 202 once the log has them. */
export function gatewayApp({
  keys,
  clock,
  max_bytes_at_hand = AT_HAND_BYTES,
  report,
  meter,
  traces = noTraces,
  ...options
}: GatewayOptions): Hono<SignedEnv> {
  const log = observedLog(options.log, { meter, traces });
  const app = signedApp({
    keys,
    clock,
    max_body_bytes: ENCODED_BYTES,
    budget: byteBudget(max_bytes_at_hand),
    ...(report && { report }),
    meter,
    traces,
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

  app.post(QUEUED_PATH, async (c) => {
    const { caller, signal } = c.var;
    requireScope(caller, 'events:write');
    requireServer(caller);
    const { accepted_at, events } = readQueued(await decoded(c), caller.tenant_id, clock());
    const judge = eventJudge({ caller, now_ms: Date.parse(accepted_at), imported: false });
    const items = events.map((value, index) => ({ index, value }));
    return acceptItems(items, judge, { log, topic: topics.events, signal });
  });

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
  app.delete('/v1/users/:id', forgetPerson({ log, clock }));

  for (const path of ['/v1/events', '/internal/imports', QUEUED_PATH, '/v1/campaigns'])
    app.all(path, onlyMethods('POST'));
  app.all('/v1/campaigns/:id', onlyMethods('PUT', 'DELETE'));
  app.all('/v1/users/:id', onlyMethods('DELETE'));
  addDeadLetterRoutes(app, { log, clock });
  addLearningRoutes(app, { log });
  return app;
}

function decoded(c: Context<SignedEnv>): Promise<Uint8Array> {
  const { body, lease } = c.var;
  return decodeBody(body, { encoding: c.req.header('content-encoding'), max_bytes: DECODED_BYTES, lease });
}
