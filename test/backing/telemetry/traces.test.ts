import { expect, test } from 'vitest';
import { noTraces, openTraces } from '#backing/telemetry/traces.ts';
import { openCollector, type SentSpan } from '../../support/collector.ts';

const PARENT = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' };
const TRACEPARENT = `00-${PARENT.trace}-${PARENT.span}-00`;

const service = 'edgewise-test';
const reports: unknown[] = [];
const report = (line: unknown) => void reports.push(line);

test('spans continue the trace of who asks, one within the other, and reach the collector', async () => {
  const { endpoint, spans, paths } = await openCollector();
  const traces = openTraces({ service, endpoint, share: 1, report });
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
  const named = (name: string) => spans.find((span) => span.name === name) as SentSpan;
  expect(spans).toHaveLength(4);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([PARENT.trace]));
  expect(new Set(spans.map((span) => span.service))).toEqual(new Set([service]));
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
  const { endpoint, spans } = await openCollector();
  const none = openTraces({ service, endpoint, share: 0, report });
  await none.request(TRACEPARENT.replace(/00$/, '01'), 'GET', async () => {});
  await none.close();
  expect(spans).toEqual([]);
  const all = openTraces({ service, endpoint, share: 1, report });
  await all.request('00-nonsense-01', 'GET', async () => {});
  await all.span('of no request', {}, async () => {});
  await all.close();
  expect(spans).toHaveLength(1);
  expect(spans[0]?.traceId).not.toBe(PARENT.trace);
  expect(spans[0]?.parentSpanId ?? '').toBe('');
});

test('a collector that is away fails nothing that is traced', async () => {
  const traces = openTraces({ service, endpoint: 'http://127.0.0.1:1', share: 1, report });
  expect(await traces.request(undefined, 'GET', async () => 7)).toBe(7);
  await traces.close();
  expect(reports).toMatchObject([{ message: 'the last traces could not be sent' }]);
});

test('what many brought about has a trace of its own, linked to those of them that are kept, and to so many', async () => {
  const { endpoint, spans } = await openCollector();
  const writing = openTraces({ service, endpoint, share: 1, report });
  const unkept = openTraces({ service, endpoint, share: 0, report });
  const traceparents = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await writing.request(undefined, 'POST', async () => {
      traceparents.add(writing.traceparent() ?? '');
      await writing.span('send', {}, async () => traceparents.add(writing.traceparent() ?? ''));
    });
    await unkept.request(undefined, 'POST', async () => expect(unkept.traceparent()).toBeUndefined());
  }
  expect(traceparents.size).toBe(80);
  // A reader that keeps none of its own accord keeps what is linked to something that is kept.
  const all = ['nonsense', ...traceparents, ...traceparents];
  const handled = () => unkept.span('counters apply', {}, async () => 7);
  expect(await unkept.linked(all, 'process events', { 'edgewise.attempt': 1 }, handled)).toBe(7);
  expect(await unkept.linked([], 'process nothing', {}, handled)).toBe(7);
  await Promise.all([writing.close(), unkept.close()]);

  const processed = spans.filter(({ name }) => name.startsWith('process'));
  expect(processed).toHaveLength(1);
  const [one] = processed as [SentSpan];
  expect(one.parentSpanId ?? '').toBe('');
  const written = new Set(spans.filter((span) => span !== one).map(({ spanId }) => spanId));
  expect(one.links).toHaveLength(31);
  for (const { spanId, traceId } of one.links ?? []) {
    expect(written).toContain(spanId);
    expect(traceId).not.toBe(one.traceId);
  }
  const writes = spans.filter(({ name }) => name === 'counters apply');
  expect(writes).toMatchObject([{ parentSpanId: one.spanId, traceId: one.traceId }]);
});

test('what is under way names no span where none is kept', async () => {
  expect(noTraces.traceparent()).toBeUndefined();
  expect(await noTraces.linked([TRACEPARENT], 'process events', {}, async () => 7)).toBe(7);
  const traces = openTraces({ service, endpoint: 'http://127.0.0.1:1', share: 1, report });
  expect(traces.traceparent()).toBeUndefined();
  await traces.close();
});
