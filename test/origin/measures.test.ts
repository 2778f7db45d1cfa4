import { expect, test } from 'vitest';
import { openMetrics } from '#backing/telemetry/metrics.ts';
import { noTraces, type Traces } from '#backing/telemetry/traces.ts';
import { openMeasures } from '../../origin/measures.ts';
import { openWorld, said, topicsOfTalk } from './world.ts';

test('each dependency, source, fallback, lookup and breaker is measured, and no id becomes a series', async () => {
  const metrics = openMetrics();
  const measures = openMeasures(metrics.meter);
  const base = await openWorld();
  const graph = { ...base.stores.graph, neighbours: () => Promise.reject(new Error('down')) };
  const world = await openWorld('acme', { graph, measures });
  await world.campaigns(...topicsOfTalk);
  await world.events([said('ada', 'the wifi signal drops')]);
  for (let i = 0; i < 6; i++) await world.ask();
  const text = await metrics.text();
  const value = (name: string, ...labels: string[]) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
        ?.split(' ')[1],
    );
  const calls = 'edgewise_dependency_call_duration_count';
  expect(value(calls, 'dependency="profiles"', 'operation="read"', 'outcome="ok"')).toBe(1);
  expect(value(calls, 'dependency="vectors"', 'operation="nearest_campaigns"', 'outcome="ok"')).toBe(6);
  expect(value(calls, 'dependency="graph"', 'outcome="failed"')).toBe(5);
  expect(value(calls, 'dependency="graph"', 'outcome="open"')).toBe(1);
  expect(value('edgewise_dependency_left_alone', 'dependency="graph"')).toBe(1);
  expect(value('edgewise_dependency_left_alone', 'dependency="vectors"')).toBe(0);
  expect(value('edgewise_answers_degraded_total', 'dependency="graph"')).toBe(6);
  expect(value('edgewise_source_candidates_count', 'source="popular"')).toBe(6);
  expect(value('edgewise_held_lookups_total', 'held="profiles"', 'hit="true"')).toBe(5);
  expect(text).not.toContain('ada');
});

test('an answer has a span for each stage that asks, and in it one for each call of a store', async () => {
  const spans: string[] = [];
  let depth = 0;
  const span: Traces['span'] = async (name, _attributes, run) => {
    spans.push(name);
    depth++;
    try {
      return await run();
    } finally {
      depth--;
    }
  };
  const world = await openWorld('acme', { traces: { ...noTraces, span } });
  await world.campaigns(...topicsOfTalk);
  await world.events([said('ada', 'the wifi signal drops')]);
  await world.ask();
  expect(spans).toEqual(expect.arrayContaining(['hydrate profiles', 'find nearest_campaigns']));
  expect(spans).toEqual(
    expect.arrayContaining(['profiles read', 'vectors nearest_campaigns', 'graph neighbours']),
  );
  expect(depth).toBe(0);
});
