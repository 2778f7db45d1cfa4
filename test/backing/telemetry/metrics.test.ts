import { expect, it } from 'vitest';
import { operationsApp } from '#backing/http/operations.ts';
import { signedApp } from '#backing/http/signed.ts';
import { openMetrics } from '#backing/telemetry/metrics.ts';
import { Problem } from '#contract/problem.ts';
import { keys, NOW_MS, signedRequest } from '../../ingest/signed-requests.ts';

it('answers are measured by the route as it is declared, so that no id becomes a series', async () => {
  const metrics = openMetrics();
  const app = signedApp({ keys, clock: () => NOW_MS, max_body_bytes: 1000, meter: metrics.meter });
  app.post('/v1/things/:id', (c) => {
    if (c.req.param('id') === 'bad') throw new Problem('not-found', 'none');
    return c.text('ok');
  });
  for (const path of ['/v1/things/a-1', '/v1/things/b-2', '/v1/things/bad', '/elsewhere/secret-3']) {
    await app.request(await signedRequest(path, {}));
  }
  await app.request('/v1/things/a-1', { method: 'POST' });
  await app.request('/v1/things/a-1', { method: 'PROPFIND' });
  const text = await metrics.text();
  const counts = text.split('\n').filter((line) => line.startsWith('http_server_request_duration_count'));
  const of = (method: string, status: number, route: string | null) =>
    counts.find(
      (line) =>
        line.includes(`http_request_method="${method}"`) &&
        line.includes(`status_code="${status}"`) &&
        (route === null ? !line.includes('http_route') : line.includes(`http_route="${route}"`)),
    );
  expect(of('POST', 200, '/v1/things/:id')).toMatch(/ 2$/);
  expect(of('POST', 404, '/v1/things/:id')).toMatch(/ 1$/);
  expect(of('POST', 404, null)).toMatch(/ 1$/);
  expect(of('POST', 401, '/v1/things/:id')).toMatch(/ 1$/);
  expect(of('_OTHER', 401, null)).toMatch(/ 1$/);
  expect(text).not.toMatch(/a-1|b-2|secret|PROPFIND/);
  await metrics.close();
});

it('a scrape is Prometheus text, and says what could not be read instead of failing', async () => {
  const metrics = openMetrics();
  metrics.meter.createCounter('edgewise.some', { description: 'Some.' }).add(2, { kind: 'x' });
  metrics.meter.createObservableGauge('edgewise.broken').addCallback(async () => {
    throw new Error('away');
  });
  const app = operationsApp({ ready: () => false, metrics });
  const response = await app.request('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text).toContain('# HELP edgewise_some_total Some.\n# TYPE edgewise_some_total counter\n');
  expect(text).toContain('edgewise_some_total{kind="x"} 2\n');
  expect(text).toMatch(/^# 1 instruments could not be read\n/);
  expect((await app.request('/livez')).status).toBe(200);
  expect((await app.request('/readyz')).status).toBe(503);
  await metrics.close();
});
