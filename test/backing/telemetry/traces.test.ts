import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { openTraces } from '#backing/telemetry/traces.ts';

const PARENT = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' };
const TRACEPARENT = `00-${PARENT.trace}-${PARENT.span}-00`;

const reports: unknown[] = [];
const report = (line: unknown) => void reports.push(line);

type Sent = {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number };
  attributes: { key: string; value: { stringValue?: string } }[];
};

/** Takes what is exported, as a collector does. */
async function collector() {
  const spans: Sent[] = [];
  const paths: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    paths.push(request.url);
    const { resourceSpans } = (await json(request)) as {
      resourceSpans: { scopeSpans: { spans: Sent[] }[] }[];
    };
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, paths };
}

test('spans continue the trace of who asks, one within the other, and reach the collector', async () => {
  const { endpoint, spans, paths } = await collector();
  const traces = openTraces({ endpoint, share: 1, report });
  await traces.request(TRACEPARENT, 'GET', async (tell) => {
    await traces.span('find', {}, () => traces.span('vectors search', {}, async () => 7));
    const failing = traces.span('graph', {}, () =>
      Promise.reject(Object.assign(new Error(), { code: 'gone' })),
    );
    await expect(failing).rejects.toThrow();
    tell({ 'http.route': '/v1/things/:id' });
  });
  await traces.close();
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']));
  const named = (name: string) => spans.find((span) => span.name === name) as Sent;
  expect(spans).toHaveLength(4);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([PARENT.trace]));
  expect(named('GET').parentSpanId).toBe(PARENT.span);
  expect(named('find').parentSpanId).toBe(named('GET').spanId);
  expect(named('vectors search').parentSpanId).toBe(named('find').spanId);
  expect(named('graph')).toMatchObject({
    parentSpanId: named('GET').spanId,
    status: { code: 2 },
    attributes: [{ key: 'error.type', value: { stringValue: 'gone' } }],
  });
  expect(named('GET').attributes).toContainEqual({
    key: 'http.route',
    value: { stringValue: '/v1/things/:id' },
  });
});

test('a share of the traces is kept, chosen by id, whatever the caller wishes; a malformed one begins anew', async () => {
  const { endpoint, spans } = await collector();
  const none = openTraces({ endpoint, share: 0, report });
  await none.request(TRACEPARENT.replace(/00$/, '01'), 'GET', async () => {});
  await none.close();
  expect(spans).toEqual([]);
  const all = openTraces({ endpoint, share: 1, report });
  await all.request('00-nonsense-01', 'GET', async () => {});
  await all.span('of no request', {}, async () => {});
  await all.close();
  expect(spans).toHaveLength(1);
  expect(spans[0]?.traceId).not.toBe(PARENT.trace);
  expect(spans[0]?.parentSpanId ?? '').toBe('');
});

test('a collector that is away fails nothing that is traced', async () => {
  const traces = openTraces({ endpoint: 'http://127.0.0.1:1', share: 1, report });
  expect(await traces.request(undefined, 'GET', async () => 7)).toBe(7);
  await traces.close();
  expect(reports).toMatchObject([{ message: 'the last traces could not be sent' }]);
});
