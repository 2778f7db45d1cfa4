import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { removeTopics } from '../../infra/local/compare/removing/kafka.ts';
import { removeCollections } from '../../infra/local/compare/removing/milvus.ts';
import { removeObjects } from '../../infra/local/compare/removing/s3.ts';
import { drop } from '../../infra/local/embeddings/drop.ts';
import { learn, rollOut } from '../../infra/local/embeddings/learn.ts';
import type { RollingOut } from '../../infra/local/embeddings/rolling-out.ts';
import { switchEmbeddings } from '../../infra/local/embeddings/switch.ts';
import { noProgress } from '../../infra/local/terminal/progress.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { runningViews } from '../infra/support/rebuilding.ts';
import { talking } from '../infra/support/talking.ts';
import { collect } from '../support/dump.ts';
import { temporaryFolder } from '../support/folder.ts';
import { onServices } from './on-service.ts';
import { newSchema } from './postgres.ts';

const { signal } = new AbortController();
const usual = hashingEmbedder.version;
const NOTICED = { timeout: 30_000, interval: 100 };

onServices(
  [
    { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
    { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
    { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
    { name: 'Redis', variable: 'REDIS_URL', up: 'redis' },
    { name: 'S3', variable: 'S3_ENDPOINT', up: 's3' },
  ],
  (_brokers, postgres_url) => {
    /** Views that run, and, as another process would have them, the ports that a version is rolled out by. */
    async function world() {
      const name = `learnt_${randomUUID().replaceAll('-', '').slice(0, 10)}`;
      const schema = newSchema();
      await migrate({ url: postgres_url, schema }, { direction: 'up' });
      const env = {
        ...process.env,
        ...{ LEARNT: 's3', POSTGRES_SCHEMA: schema, MILVUS_PREFIX: `${name}_`, S3_PREFIX: `${name}/` },
        ...{ KAFKA_PREFIX: `${name}_`, KAFKA_PARTITIONS: '4', KAFKA_REPLICAS: '1' },
        MILVUS_HISTORY_BEFORE: '2020-01',
      };
      // No version of embeddings has to do with the graph.
      const own = { ...env, GRAPH: 'embedded', KEY_STORE: 'embedded', DATA: await temporaryFolder() };
      const chosen = readPorts(['gateway', 'views', 'origin'], {}, own);
      const means = { clock: Date.now, report: () => {}, application: name };
      onTestFinished(async () => {
        for (const remove of [removeTopics, removeCollections, removeObjects])
          await remove(chosen.read, means);
      });
      const { ports, failures, archived } = await runningViews(chosen);
      const stack = new AsyncDisposableStack();
      onTestFinished(() => stack.disposeAsync());
      const other = await openPorts<'views'>(
        stack,
        readPorts(['views'], {}, env, [
          ...(['relational', 'vectors', 'answers', 'embedders', 'learnt', 'log', 'archive'] as const),
        ]),
        means,
      );
      const { relational, switches, vectors, answers, embedders, learnt, log, archive } = other;
      const on: RollingOut = {
        tenant_id: 'acme',
        stores: { catalogue: relational.catalogue, versions: switches.versions, vectors, answers },
        ...{ embedders, viewVersions: switches.viewVersions, log, archive, signal },
        tables: {
          // Instead of as long as it can take.
          async add(...args) {
            const version = await learnt.add(...args);
            await vi.waitFor(() => expect(ports.learnt.of(version)).not.toBeNull(), NOTICED);
            return version;
          },
          async remove(tenant_id, version, s) {
            await learnt.remove(tenant_id, version, s);
            await vi.waitFor(() => expect(ports.learnt.of(version)).toBeNull(), NOTICED);
          },
        },
        progress: noProgress,
        say() {},
        views_run: true,
        noticed_ms: 0,
      };
      const settled = () => caughtUp(log, groups.embeddings, viewTopics, signal);
      return { on, ports, failures, archived, settled, talk: talking(log) };
    }

    test('on the real services own embeddings are learnt and filled while events go on, switched to and back, and dropped', async () => {
      const { on, ports, failures, archived, settled, talk } = await world();
      const { versions, answers, vectors } = on.stores;
      const epoch = async () => (await answers.read('acme', null, signal)).tenant;
      await talk.say(700);
      await talk.campaigns();
      await archived();
      const version = await talk.whileTalking(async () => {
        const { id } = await learn(on, { least_texts: 500 });
        return rollOut(on, id, Date.now);
      });
      for (const to of [version, usual]) {
        const before = await epoch();
        await talk.whileTalking(() => switchEmbeddings(on, { to: to.id, partial: false }));
        expect(await versions.current('acme', signal)).toEqual(to);
        expect(await epoch()).toBeGreaterThan(before);
      }
      await settled();
      for (const one of [version, usual]) await talk.expectAll(ports, one);

      const linesOf = async () =>
        (await collect(vectors.dump())).filter((line) => line.includes(`"${version.id}"`));
      expect(await linesOf()).not.toEqual([]);
      await drop(on, version.id);
      await talk.say(20);
      await settled();
      expect(await linesOf()).toEqual([]);
      await talk.expectAll(ports, usual);
      // A busy machine may fail a batch, which comes again; none may pause its partition.
      expect(failures.filter(({ retry_ms }) => retry_ms === null)).toEqual([]);
    }, 180_000);
  },
);
