import type { Hono } from 'hono';
import { probesApp } from '#backing/http/probes.ts';
import type { Standing } from './standing.ts';

/** What a running stack tells other processes on this machine; nothing of it is secret. */
export function statusApp(standing: (signal: AbortSignal) => Promise<Standing>): Hono {
  const app = probesApp({ ready: () => true });
  app.get('/standing', async (c) => c.json(await standing(c.req.raw.signal)));
  return app;
}
