import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { pepperOf, readKeys } from '../../infra/local/folder/keys.ts';
import { migrateGraph, removeGraph } from '../../infra/run-graph-migrations.ts';
import { migrate } from '../../infra/run-migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startTier } from '../support/tier.ts';
import type { Needed } from './on-service.ts';
import { newSchema } from './postgres.ts';

export const PARTITIONS = 8;

/** What all tiers need, as `onServices` takes it. */
export const ALL_SERVICES: readonly Needed[] = [
  { name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' },
  { name: 'PostgreSQL', variable: 'POSTGRES_URL', up: 'postgres' },
  { name: 'Milvus', variable: 'MILVUS_ADDRESS', up: 'milvus' },
  { name: 'Redis', variable: 'REDIS_URL', up: 'redis' },
  { name: 'Neo4j', variable: 'NEO4J_URL', up: 'neo4j' },
  { name: 'S3', variable: 'S3_ENDPOINT', up: 's3' },
];

/** The bucket, as our own environment has it. */
const bucket = Object.fromEntries(
  ['ENDPOINT', 'REGION', 'BUCKET', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map((name) => [
    `S3_${name}`,
    process.env[`S3_${name}`] ?? '',
  ]),
);

/** A process: what it runs, and what it is told beside what all are. */
export type Process = { args: readonly string[]; env?: Record<string, string> };

/** Tiers as processes on the real services, with a schema, labels and prefixes that no other test or run has. */
export async function startRealTiers(
  [brokers, postgres_url, milvus, redis, neo4j]: readonly string[],
  processes: readonly Process[],
) {
  const run = randomUUID().replaceAll('-', '').slice(0, 12);
  const schema = newSchema();
  await migrate({ url: postgres_url as string, schema }, { direction: 'up' });
  const data = await temporaryFolder();
  const keys = await readKeys(data);
  const prefix = `e2e_${run}_`;
  const graph = {
    url: neo4j as string,
    user: process.env['NEO4J_USER'] ?? '',
    password: process.env['NEO4J_PASSWORD'] ?? '',
    version: `e2e_${run}`,
  };
  await migrateGraph(graph);
  onTestFinished(() => removeGraph(graph));
  const common = {
    PORT: '0',
    OPERATIONS_PORT: '0',
    // Milvus Lite stands in for correctness, not for speed.
    DEPENDENCY_MS: '3000',
    ANSWER_MS: '8000',
    ORIGIN_KEYS: JSON.stringify([keys.origin]),
    KEY_PEPPERS: JSON.stringify([pepperOf(keys)]),
    GATEWAY_KEYS: JSON.stringify([keys.gateway]),
    POSTGRES_URL: postgres_url as string,
    POSTGRES_SCHEMA: schema,
    MILVUS_ADDRESS: milvus as string,
    MILVUS_PREFIX: prefix,
    REDIS_URL: redis as string,
    NEO4J_URL: graph.url,
    NEO4J_USER: graph.user,
    NEO4J_PASSWORD: graph.password,
    NEO4J_VERSION: graph.version,
    ...bucket,
    S3_PREFIX: `${prefix}/`,
    KAFKA_BROKERS: brokers as string,
    KAFKA_PREFIX: prefix,
    KAFKA_PARTITIONS: String(PARTITIONS),
    KAFKA_REPLICAS: '1',
    DATA: await temporaryFolder(),
  };
  const tiers: Awaited<ReturnType<typeof startTier>>[] = [];
  for (const { args, env } of processes)
    tiers.push(await startTier(args, { ...common, ...env }, Math.max(1, args.length - 1)));
  const urlOf = (role: string) => tiers.map((tier) => tier.urlOf(role)).find(Boolean) ?? '';
  return { tiers, urlOf, keys, data, prefix };
}
