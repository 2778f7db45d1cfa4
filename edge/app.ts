import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { KeyId } from '#contract/api-key.ts';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { CampaignId, Id } from '#contract/ids.ts';
import { asProblem, Problem } from '#contract/problem.ts';
import { authorise, notFound } from './access.ts';
import type { Cors } from './cors.ts';
import type { Handler } from './handlers/handler.ts';
import type { Identify } from './identity/identify.ts';
import type { Limits } from './limits/limits.ts';
import { traceOf } from './log.ts';
import type { Seen } from './observe.ts';
import { problemResponse } from './respond.ts';
import { type Route, type RouteName, routes } from './routes.ts';

const NOBODY: Caller = { tenant_id: '', subject: null, scopes: [] };

function searchOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

const ID_SCHEMAS: Readonly<Record<string, v.GenericSchema<string>>> = {
  user_id: Id,
  campaign_id: CampaignId,
  key_id: KeyId,
  placement: Id,
};

/** Reads the id in the path of a route's requests: what no id can be is not found. */
function idReader(route: Route): (c: Context) => string {
  const name = /:(\w+)/.exec(route.path)?.[1];
  if (!name) return () => '';
  const schema = ID_SCHEMAS[name] as v.GenericSchema<string>;
  return (c) => {
    const id = c.req.param(name);
    if (!v.is(schema, id)) throw notFound();
    return id;
  };
}

/** The methods that each path answers, as `Allow` lists them. */
function methodsByPath(): Map<string, string> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    methods.set(path, [...(methods.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])]);
  }
  return new Map([...methods].map(([path, list]) => [path, [...list, 'OPTIONS'].join(', ')]));
}

/** What is known of a request while it is answered. */
type Known = { caller: Caller; auth_ms: number };

/**
 * The application: each route of the table with its handler, problem details for all that goes wrong, and for every request,
 * in this order: is the address over its limit; who asks; from a page that may; may they; are they over theirs.
 */
export function createApp({
  handlers,
  identify,
  limits,
  cors,
  observe,
  clock,
}: {
  handlers: Record<RouteName, Handler>;
  identify: Identify;
  limits: Limits;
  cors: Cors;
  observe: (seen: Seen) => void;
  clock: Clock;
}): Hono {
  const app = new Hono();

  /** Answers by `make`, or with the problem it throws, and tells of it. */
  async function answer(
    c: Context,
    route: string,
    make: (known: Known) => Promise<Response>,
  ): Promise<Response> {
    const request = c.req.raw;
    const begun_ms = clock();
    const known: Known = { caller: NOBODY, auth_ms: 0 };
    let response: Response;
    let failure: Seen['failure'];
    try {
      await limits.address(request.headers);
      response = await make(known);
    } catch (error) {
      if (!(error instanceof Problem)) failure = traceOf(error);
      response = problemResponse(asProblem(error), request);
    }
    const { tenant_id } = known.caller;
    if (tenant_id !== '' && !response.headers.has('RateLimit-Policy')) {
      response.headers.set('RateLimit-Policy', limits.policyOf(tenant_id));
    }
    if (request.method !== 'OPTIONS')
      cors.open(response, request.headers, tenant_id === '' ? null : tenant_id);
    observe({
      route,
      method: request.method,
      status: response.status,
      tenant_id,
      cache_status: response.headers.get('Cache-Status'),
      total_ms: clock() - begun_ms,
      auth_ms: known.auth_ms,
      failure,
    });
    return response;
  }

  const methods = methodsByPath();
  const table: readonly (Route & { name: RouteName })[] = routes;
  // Those of the table that have no id in their path come first, fallback and all: `popular` is no campaign's id.
  for (const [path, allowed] of [...methods].sort(
    ([a], [b]) => Number(a.includes(':')) - Number(b.includes(':')),
  )) {
    for (const route of table.filter((one) => one.path === path)) answerRoute(route);
    answerOthers(path, allowed);
  }

  function answerRoute(route: Route & { name: RouteName }) {
    const handler = handlers[route.name];
    const idOf = idReader(route);
    app.on(route.method, route.path, (c) =>
      answer(c, route.path, async (known) => {
        const request = c.req.raw;
        const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
        if (route.scope !== null) {
          const begun_ms = clock();
          known.caller = await identify(request.headers, waitUntil);
          known.auth_ms = clock() - begun_ms;
          cors.check(request.headers, known.caller.tenant_id);
        }
        const { caller, auth_ms } = known;
        const id = idOf(c);
        authorise(route, caller, id);
        if (route.scope !== null) await limits.caller(caller);
        return handler({
          request,
          caller,
          id,
          // Read only where it is looked at: most questions are known by their address.
          get query() {
            return searchOf(request.url);
          },
          auth_ms,
          waitUntil,
        });
      }),
    );
  }

  function answerOthers(path: string, methods: string) {
    app.all(path, (c) =>
      answer(c, path, async () => {
        if (c.req.method === 'OPTIONS') return cors.options(c.req.raw.headers, methods);
        const detail = `${c.req.method} is not for this address; it takes ${methods}`;
        throw new Problem('method-not-allowed', detail, { headers: { Allow: methods } });
      }),
    );
  }

  app.notFound((c) =>
    answer(c, '*', async () => {
      throw notFound();
    }),
  );

  return app;
}
