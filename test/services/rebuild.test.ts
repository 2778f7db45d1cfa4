import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPorts } from '#backing/open/open-ports.ts';
import { topics, type ViewName, viewNames } from '#contract/topics.ts';
import { removeTopics } from '../../infra/local/compare/removing/kafka.ts';
import { removeCollections } from '../../infra/local/compare/removing/milvus.ts';
import { removeObjects } from '../../infra/local/compare/removing/s3.ts';
import { versionMaker } from '../../infra/local/rebuild/maker.ts';
import { rebuild } from '../../infra/local/rebuild/rebuild.ts';
import { finish, rollBack } from '../../infra/local/rebuild/switch.ts';
import { retain } from '../../infra/local/retention/retain.ts';
import { USUAL } from '../../infra/local/retention/rules.ts';
import { migrateGraph, removeGraph } from '../../infra/run-graph-migrations.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { NOW_MS, said } from '../infra/support/old-events.ts';
import { breaking, runningViews } from '../infra/support/rebuilding.ts';
import { onServices } from './on-service.ts';
import { bystander, newSchema } from './postgres.ts';

const { signal } = new AbortController();
const asked = { from: 'archive', accept_differences: false } as const;

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Redis', variable: 'REDIS_URL', up: 'redis' },
    { name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' },
    { name: 'S3', variable: 'S3_ENDPOINT', up: 's3' },
  ],
  (_brokers, postgres_url, _milvus, _redis, neo4j) => {
    async function world() {
      const name = `rebuild_${randomUUID().replaceAll('-', '').slice(0, 10)}`;
      const schema = newSchema();
      await migrate({ url: postgres_url, schema }, { direction: 'up' });
      const { NEO4J_USER: user = '', NEO4J_PASSWORD: password = '' } = process.env;
      const graph = { url: neo4j, user, password };
      await migrateGraph({ ...graph, version: name });
      const chosen = readPorts(
        ['views'],
        {},
        {
          ...process.env,
          POSTGRES_SCHEMA: schema,
          NEO4J_VERSION: name,
          MILVUS_PREFIX: `${name}_`,
          KAFKA_PREFIX: `${name}_`,
          KAFKA_PARTITIONS: '4',
          KAFKA_REPLICAS: '1',
          MILVUS_HISTORY_BEFORE: '2020-01',
          S3_PREFIX: `${name}/`,
        },
      );
      const means = { clock: Date.now, report: () => {}, application: name };
      onTestFinished(async () => {
        for (const remove of [removeTopics, removeCollections, removeObjects])
          await remove(chosen.read, means);
        for (const version of [name, `${name}_r2`]) await removeGraph({ ...graph, version });
        await versionMaker(chosen, means).drop('counters', 2);
      });
      return { schema, ...(await runningViews(chosen)) };
    }

    test('on the real services retention takes what is old of every version, and then a rebuild differs in nothing', async () => {
      const { ports, rebuilding, dumps, archived } = await world();
      const { log, viewStores } = ports;
      await log.append(topics.events, [...said('old', 800, 790), ...said('recent', 100, 29)], signal);
      for (const view of viewNames) await dumps(rebuilding(view), 1);
      await archived();
      const on = { kept: USUAL, now_ms: NOW_MS, log, viewStores, signal };
      const dry = await retain({ ...on, dry_run: true });
      expect(await retain({ ...on, dry_run: false })).toEqual(dry);
      const gone = Object.fromEntries(dry.map((left) => [left.view, left.gone]));
      expect(gone['counters']).toMatchObject({ identities: 2 });
      expect(Object.values(gone['embeddings'] ?? {})).toEqual([1]);
      expect(gone['graph']).toMatchObject({ 'edges "engaged"': 1, 'edges "replied"': 1, 'edges "wrote"': 1 });
      const left = (await retain({ ...on, dry_run: false })).flatMap((one) => Object.values(one.gone));
      expect(left.filter(Boolean)).toEqual([]);

      const graph_view = rebuilding('graph');
      await expect(rebuild(graph_view, asked)).rejects.toMatchObject({ code: 'versions_differ' });
      await viewStores.refresh();
      await retain({ ...on, dry_run: false });
      expect(await rebuild(graph_view, asked)).toMatchObject({ serving: 2, beside: 1 });
      const [old, made] = await dumps(graph_view, 1, 2);
      expect(made).toEqual(old);
    }, 180_000);

    describe.each(viewNames)('on the real services a rebuild of %s', (view: ViewName) => {
      test('from the archive is as the live one while events arrive, goes back, and is finished', async () => {
        const { append, archived, whileEventsArrive, rebuilding, dumps, failures, schema } = await world();
        await append(200);
        await archived();
        const on = rebuilding(view);
        await expect(rebuild({ ...on, archive: breaking(on.archive, 150) }, asked)).rejects.toThrow(
          'cut off',
        );
        const state = await whileEventsArrive(() => rebuild(on, asked));
        expect(state).toMatchObject({ serving: 2, beside: 1, keeps_up: true });
        const [old, made] = await dumps(on, 1, 2);
        expect(Object.values(made ?? {}).flat().length).toBeGreaterThan(100);
        expect(made).toEqual(old);

        expect(await rollBack(on)).toMatchObject({ serving: 1, beside: 2 });
        expect(await rebuild(on, asked)).toMatchObject({ serving: 2, beside: 1 });
        expect(await finish(on)).toMatchObject({ serving: 2, beside: null });
        await append(10);
        const [grown] = await dumps(on, 2);
        expect(Object.values(grown ?? {}).flat().length).toBeGreaterThan(
          Object.values(made ?? {}).flat().length,
        );
        if (view === 'counters') {
          const { rows } = await (await bystander()).query(
            `SELECT count(*)::int AS left FROM ${schema}.daily`,
          );
          expect(rows).toEqual([{ left: 0 }]);
        }
        // A busy machine may fail a batch, which comes again; none may pause its partition.
        expect(failures.filter(({ retry_ms }) => retry_ms === null)).toEqual([]);
      }, 180_000);
    });
  },
);
