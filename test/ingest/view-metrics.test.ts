import { expect, it } from 'vitest';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openMetrics } from '#backing/telemetry/metrics.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import { startViews } from '../../ingest/start.ts';
import { reportFailure } from '../../ingest/views/run-views.ts';
import { click, message } from './signed-requests.ts';
import { never, openWorld, recordOf } from './small-world.ts';

it('the views tell how fresh they are, what they handled and how far behind they are', async () => {
  const world = openWorld();
  const metrics = openMetrics();
  const events = [message(), click(), click({ message_id: 'm-3' })].map((event) => recordOf(event));
  await world.log.append(topics.events, [...events, events[1] as never], never);
  await world.log.append(topics.imports, [recordOf(message({ message_id: 'm-4' }))], never);
  await world.log.append(topics.events, [{ key: '["acme","ann"]', value: Buffer.from('?') }], never);
  const views = await startViews({
    log: world.log,
    ...world.stores,
    embedders: embeddersOf(hashingEmbedder),
    clock: () => world.clock() + 1500,
    meter: metrics.meter,
  });
  for (const group of answeringGroups)
    await caughtUp(world.log, group, [topics.events, topics.imports], never);
  // A batch is told of once it is handled, which is before its offsets are committed.
  const text = await metrics.text();
  await views.close();
  expect(text).toContain('edgewise_view_freshness_count{view="counters"} 4\n');
  expect(text).toContain('edgewise_view_freshness_sum{view="counters"} 6\n');
  expect(text).toContain('edgewise_view_records_total{view="counters",outcome="written"} 5\n');
  expect(text).toContain('edgewise_view_records_total{view="counters",outcome="dead_letter"} 1\n');
  expect(text).toContain('edgewise_counters_events_total{outcome="counted"} 4\n');
  expect(text).toContain('edgewise_counters_events_total{outcome="repeated"} 1\n');
  for (const call of [
    'counters",operation="apply',
    'vectors",operation="put_messages',
    'graph",operation="add',
  ])
    expect(text).toContain(`edgewise_dependency_call_duration_count{dependency="${call}",outcome="ok"}`);
  expect(text).toMatch(/edgewise_view_lag\{view="embeddings",topic="events",partition="\d"\} 0\n/);
  await metrics.close();
});

it('a view that fails says so, and its lag stays', async () => {
  const world = openWorld();
  const metrics = openMetrics();
  await world.log.append(topics.events, [recordOf(click())], never);
  const failed = Promise.withResolvers<void>();
  const counters = {
    ...world.stores.counters,
    apply: async () => {
      throw Object.assign(new Error('no'), { retryable: false });
    },
  };
  const views = await startViews({
    log: world.log,
    ...world.stores,
    counters,
    embedders: embeddersOf(hashingEmbedder),
    groups: [groups.counters],
    meter: metrics.meter,
    onError: () => failed.resolve(),
  });
  await failed.promise;
  const text = await metrics.text();
  await views.close();
  expect(text).toContain('edgewise_view_failures_total{view="counters",outcome="paused"} 1\n');
  const calls = 'edgewise_dependency_call_duration_count{dependency="counters",operation="apply"';
  expect(text).toContain(`${calls},outcome="failed"} 1\n`);
  expect(text).toMatch(/edgewise_view_lag\{view="counters",topic="events",partition="\d"\} 1\n/);
  await metrics.close();
});

it('a record of a newer envelope version pauses its view, loudly: by a metric and by one fatal line that says what to do', async () => {
  const world = openWorld();
  const metrics = openMetrics();
  const [place] = await world.log.append(
    topics.events,
    [recordOf(click()), { key: recordOf(click()).key, value: Buffer.from('{"v":99}') }],
    never,
  );
  const told = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const views = await startViews({
    log: world.log,
    ...world.stores,
    embedders: embeddersOf(hashingEmbedder),
    groups: [groups.counters],
    meter: metrics.meter,
    onError: reportFailure(told.resolve),
  });
  const line = await told.promise;
  const text = await metrics.text();
  await views.close();
  expect(line).toMatchObject({
    level: 'fatal',
    message: expect.stringContaining('paused'),
    view: groups.counters,
    topic: topics.events,
    partition: place?.partition,
    retry_ms: null,
    error: { code: 'newer_envelope', message: expect.stringMatching(/version 99.*upgrade/) },
  });
  expect(text).toContain('edgewise_view_failures_total{view="counters",outcome="paused"} 1\n');
  await metrics.close();
});
