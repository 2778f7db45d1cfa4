import { createNoopMeter, type Meter } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { SECONDS } from '../telemetry/metrics.ts';

/**
 * Measures how long answers take, by OpenTelemetry's conventions for HTTP servers. Routes are told as they are
 * declared, so that no id becomes a series; what matches none is told as no route.
 */
export function measured(meter: Meter = createNoopMeter()): MiddlewareHandler {
  const duration = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'How long answers took.',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  return async (c, next) => {
    const begun_ms = performance.now();
    await next();
    // After `next` it is the route that answered; only middleware stands at "*".
    const route = routePath(c, -1);
    duration.record((performance.now() - begun_ms) / 1000, {
      'http.request.method': METHODS.has(c.req.method) ? c.req.method : '_OTHER',
      'http.response.status_code': c.res.status,
      ...(route.endsWith('*') ? {} : { 'http.route': route }),
    });
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT']);
