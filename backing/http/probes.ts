import { Hono } from 'hono';

/** `/livez` answers while the process does; `/readyz` answers 200 while it should be sent requests, else 503. */
export function probesApp({ ready }: { ready: () => boolean }): Hono {
  const app = new Hono();
  app.get('/livez', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => (ready() ? c.text('ok\n') : c.text('not ready\n', 503)));
  return app;
}
