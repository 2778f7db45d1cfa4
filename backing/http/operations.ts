import type { Hono } from 'hono';
import type { Metrics } from '../telemetry/metrics.ts';
import { probesApp } from './probes.ts';

/** What who operates a process asks it, on a port of its own: `/livez`, `/readyz`, and `/metrics` for Prometheus. */
export function operationsApp({ ready, metrics }: { ready: () => boolean; metrics: Metrics }): Hono {
  const app = probesApp({ ready });
  app.get('/metrics', async (c) =>
    c.text(await metrics.text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  return app;
}
