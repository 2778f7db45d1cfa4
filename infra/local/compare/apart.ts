import { toStderr } from '#backing/http/report.ts';
import { type Neo4jSettings, neo4jAddressOf } from '#backing/open/graph.ts';
import { readPorts } from '#backing/open/open-ports.ts';
import { type PostgresSettings, postgresAddressOf } from '#backing/open/relational.ts';
import type { Environment } from '#backing/settings.ts';
import { migrateGraph } from '../../run-graph-migrations.ts';
import { migrate } from '../../run-migrations.ts';
import { REMOVING } from './removing.ts';

type Apart = {
  env: Environment;
  name: string;
  data: string;
  application: string;
};

/** What the environment chooses, under names of its own, whether or not any of it is there; `remove` takes all of it away. */
export function named({ env, name, data, application }: Apart) {
  const names = {
    DATA: data,
    KAFKA_PREFIX: `${name}_`,
    POSTGRES_SCHEMA: name,
    MILVUS_PREFIX: `${name}_`,
    NEO4J_VERSION: name,
    S3_PREFIX: `${name}/`,
  };
  // The origin's as well: only then may a part be embedded that it would share.
  const chosen = readPorts(['gateway', 'views', 'origin'], {}, { ...env, ...names });
  const means = { clock: Date.now, report: toStderr, application };
  const parts = [...chosen.parts].map(([port, { name: part }]) => `${port} ${part}`);

  async function remove(): Promise<void> {
    const removed = await Promise.allSettled(parts.map((part) => REMOVING[part]?.(chosen.read, means)));
    const failed = removed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    if (failed.length > 0) throw new AggregateError(failed, `Not all of ${name} could be removed`);
  }

  return { names, chosen, means, parts, remove };
}

/**
 * What the environment chooses, under names of its own: topics, tables and collections that begin with `name`, and
 * embedded parts in `data`, so that nothing that was there before is touched. What needs migrations has them.
 * `names` are the variables that say so; `remove` takes all of it away again.
 */
export async function apart(asked: Apart) {
  const made = named(asked);
  const { chosen, parts, remove } = made;
  const { name } = asked;
  try {
    if (parts.includes('relational postgres')) {
      const address = postgresAddressOf(chosen.read as PostgresSettings);
      await migrate({ ...address, schema: name }, { direction: 'up' });
    }
    if (parts.includes('graph neo4j')) {
      await migrateGraph({ ...neo4jAddressOf(chosen.read as Neo4jSettings), version: name });
    }
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
  return made;
}
