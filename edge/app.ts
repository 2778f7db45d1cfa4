import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import * as v from 'valibot';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { CampaignId, Id } from '#contract/ids.ts';
import { asProblem, Problem } from '#contract/problem.ts';
import { authorise, notFound } from './access.ts';
import type { Handler } from './handlers/handler.ts';
import type { Identify } from './identity/identify.ts';
import { type Log, traceOf } from './log.ts';
import { problemResponse } from './respond.ts';
import { type Route, type RouteName, routes } from './routes.ts';

const NOBODY: Caller = { tenant_id: '', subject: null, scopes: [] };

function searchOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

/** Reads the id in the path of a route's requests: what no id can be is not found. */
function idReader(route: Route): (c: Context) => string {
  const name = /:(\w+)/.exec(route.path)?.[1];
  if (!name) return () => '';
  const schema = name === 'campaign_id' ? CampaignId : Id;
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
  return new Map([...methods].map(([path, list]) => [path, list.join(', ')]));
}

/** The application: each route of the table with its handler, and problem details for all that goes wrong. */
export function createApp({
  handlers,
  identify,
  clock,
  log,
}: {
  handlers: Record<RouteName, Handler>;
  identify: Identify;
  clock: Clock;
  log: Log;
}): Hono {
  const app = new Hono();

  for (const route of routes as readonly (Route & { name: RouteName })[]) {
    const handler = handlers[route.name];
    const idOf = idReader(route);
    app.on(route.method, route.path, async (c) => {
      const request = c.req.raw;
      const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
      const begun_ms = clock();
      const caller = route.scope === null ? NOBODY : await identify(request.headers, waitUntil);
      const id = idOf(c);
      authorise(route, caller, id);
      return handler({
        request,
        caller,
        id,
        query: searchOf(request.url),
        auth_ms: clock() - begun_ms,
        waitUntil,
      });
    });
  }

  for (const [path, methods] of methodsByPath()) {
    app.all(path, (c) => {
      throw new Problem(
        'method-not-allowed',
        `${c.req.method} is not for this address; it takes ${methods}`,
        {
          headers: { Allow: methods },
        },
      );
    });
  }

  app.notFound((c) => problemResponse(notFound(), c.req.raw));

  app.onError((error, c) => {
    if (!(error instanceof Problem)) {
      const { method } = c.req;
      log({ level: 'error', event: 'unexpected', method, route: routePath(c), ...traceOf(error) });
    }
    return problemResponse(asProblem(error), c.req.raw);
  });

  return app;
}
