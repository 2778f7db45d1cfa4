import { toStderr } from '#backing/http/report.ts';
import { caughtUp } from '#backing/log/caught-up.ts';
import { type Neo4jSettings, neo4jAddressOf } from '#backing/open/graph.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { type PostgresSettings, postgresAddressOf } from '#backing/open/relational.ts';
import type { Environment } from '#backing/settings.ts';
import { importKeys } from '#contract/signature.ts';
import { groups, viewTopics } from '#contract/topics.ts';
import { startGateway, startViews } from '../../../ingest/start.ts';
import { reportFailure } from '../../../ingest/views/run-views.ts';
import { migrateGraph } from '../../run-graph-migrations.ts';
import { migrate } from '../../run-migrations.ts';
import { readKeys } from '../folder/keys.ts';
import { HOST } from '../stack/stack.ts';
import { standingOf } from '../stack/standing.ts';
import { REMOVING } from './removing.ts';
import { ARCHIVE_LINGER_MS, type Side } from './side.ts';

/**
 * What the environment chooses, under names of its own: topics, tables and collections that begin with `name`, and
 * embedded parts in `data`, so that nothing that was there before is touched. Answers are no view, and stay here.
 */
export async function chosenSide({
  env,
  name,
  data,
}: {
  env: Environment;
  name: string;
  data: string;
}): Promise<Side> {
  const own = {
    DATA: data,
    KAFKA_PREFIX: `${name}_`,
    POSTGRES_SCHEMA: name,
    MILVUS_PREFIX: `${name}_`,
    NEO4J_VERSION: name,
    S3_PREFIX: `${name}/`,
    ANSWERS: 'embedded',
  };
  // The origin's as well: only then may a part be embedded that it would share.
  const chosen = readPorts(['gateway', 'views', 'origin'], {}, { ...env, ...own });
  const means = { clock: Date.now, report: toStderr, application: 'edgewise-compare' };
  const parts = [...chosen.parts].map(([port, { name: part }]) => `${port} ${part}`);

  async function remove(): Promise<void> {
    const removed = await Promise.allSettled(parts.map((part) => REMOVING[part]?.(chosen.read, means)));
    const failed = removed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    if (failed.length > 0) throw new AggregateError(failed, `Not all of ${name} could be removed`);
  }

  const closing = new AsyncDisposableStack();
  try {
    const keys = await readKeys(data);
    if (parts.includes('relational postgres')) {
      const address = postgresAddressOf(chosen.read as PostgresSettings);
      await migrate({ ...address, schema: name }, { direction: 'up' });
    }
    if (parts.includes('graph neo4j')) {
      await migrateGraph({ ...neo4jAddressOf(chosen.read as Neo4jSettings), version: name });
    }
    const { log, relational, ...ports } = await openPorts<'gateway' | 'views'>(closing, chosen, means);
    const stores = { ...relational, ...ports };
    let paused = false;
    const tell = reportFailure(toStderr);
    const views = await startViews({
      log,
      ...stores,
      archive_linger_ms: ARCHIVE_LINGER_MS,
      onError(failure) {
        paused ||= failure.retry_ms === null;
        tell(failure);
      },
    });
    closing.defer(() => views.close());
    const gateway = await startGateway({
      log,
      keys: await importKeys([keys.gateway]),
      clock: Date.now,
      hostname: HOST,
      port: 0,
    });
    closing.defer(() => gateway.close());
    return {
      name: `${parts.join(', ')}, as ${name}`,
      keys,
      gateway_url: gateway.url,
      stores,
      archived: (signal) => caughtUp(log, groups.archive, viewTopics, signal),
      standing: async (signal) => ({ ...(await standingOf(log, signal)), paused }),
      close: () => closing.disposeAsync(),
      remove,
    };
  } catch (error) {
    await closing.disposeAsync();
    await remove().catch(() => {});
    throw error;
  }
}
