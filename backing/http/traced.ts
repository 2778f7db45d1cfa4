import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Traces } from '../telemetry/traces.ts';

/** Answers each request in a span of its own, by OpenTelemetry's conventions for HTTP servers. */
export function traced(traces: Traces): MiddlewareHandler {
  return (c, next) =>
    traces.request(c.req.header('traceparent'), c.req.method, async (tell) => {
      await next();
      // After `next` it is the route that answered; only middleware stands at "*".
      const route = routePath(c, -1);
      tell({
        'http.request.method': c.req.method,
        'http.response.status_code': c.res.status,
        ...(route.endsWith('*') ? {} : { 'http.route': route }),
      });
    });
}
