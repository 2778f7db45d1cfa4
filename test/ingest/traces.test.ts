import { expect, onTestFinished, test } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openTraces } from '#backing/telemetry/traces.ts';
import { answeringGroups, topics } from '#contract/topics.ts';
import { startViews } from '../../ingest/start.ts';
import { openCollector, type SentSpan } from '../support/collector.ts';
import { click, message, openGateway } from './signed-requests.ts';
import { never, openWorld } from './small-world.ts';

const EDGE = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' };
const report = () => {};

test('one trace leads from the edge over the gateway to the log, and each view links what it does to it', async () => {
  const { endpoint, spans } = await openCollector();
  const gatewayTraces = openTraces({ service: 'edgewise-gateway', endpoint, share: 1, report });
  // Of its own accord a view keeps nothing.
  const viewTraces = openTraces({ service: 'edgewise-views', endpoint, share: 0, report });
  const { send, log } = openGateway({ traces: gatewayTraces });
  const { stores } = openWorld();
  const views = await startViews({
    log,
    ...stores,
    embedders: embeddersOf(hashingEmbedder),
    traces: viewTraces,
  });
  onTestFinished(() => views.close());

  const headers = { traceparent: `00-${EDGE.trace}-${EDGE.span}-00` };
  const events = [message(), click()];
  expect((await send('/v1/events', { events }, { headers })).status).toBe(202);
  for (const group of answeringGroups) await caughtUp(log, group, [topics.events], never);
  await views.close();
  await Promise.all([gatewayTraces.close(), viewTraces.close()]);

  const ofGateway = spans.filter(({ service }) => service === 'edgewise-gateway');
  const [request, sending] = ['POST', 'send events'].map((name) =>
    ofGateway.find((span) => span.name === name),
  ) as [SentSpan, SentSpan];
  expect(request).toMatchObject({ traceId: EDGE.trace, parentSpanId: EDGE.span });
  expect(sending).toMatchObject({ traceId: EDGE.trace, parentSpanId: request.spanId });

  const batches = spans.filter(({ name }) => name === 'process events');
  const groupOf = ({ attributes }: SentSpan) =>
    attributes.find(({ key }) => key === 'messaging.consumer.group.name')?.value.stringValue;
  expect(new Set(batches.map(groupOf))).toEqual(new Set(answeringGroups));
  for (const { links } of batches)
    expect(links).toMatchObject([{ traceId: EDGE.trace, spanId: sending.spanId }]);
  const writes = {
    counters: ['counters apply', 'answers raise'],
    embeddings: ['embedder embed', 'vectors put_messages', 'answers raise'],
    graph: ['graph add', 'answers raise'],
  };
  for (const [group, names] of Object.entries(writes)) {
    const own = new Set(batches.filter((one) => groupOf(one) === group).map(({ spanId }) => spanId));
    const within = spans.filter(({ parentSpanId }) => own.has(parentSpanId ?? '')).map(({ name }) => name);
    expect(new Set(within)).toEqual(new Set(names));
  }
});

test('records of requests that are not kept bear no trace, and bring about none', async () => {
  const { endpoint, spans } = await openCollector();
  const traces = openTraces({ service: 'edgewise', endpoint, share: 0, report });
  const { send, log, written } = openGateway({ traces });
  const { stores } = openWorld();
  const views = await startViews({ log, ...stores, embedders: embeddersOf(hashingEmbedder), traces });
  onTestFinished(() => views.close());
  const headers = { traceparent: `00-${EDGE.trace}-${EDGE.span}-01` };
  expect((await send('/v1/events', { events: [message()] }, { headers })).status).toBe(202);
  const records = await written(topics.events);
  expect(records).toHaveLength(1);
  expect(records[0]).not.toHaveProperty('traceparent');
  for (const group of answeringGroups) await caughtUp(log, group, [topics.events], never);
  await views.close();
  await traces.close();
  expect(spans).toEqual([]);
});
