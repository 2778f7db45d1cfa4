import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { apart } from '../../../infra/local/compare/apart.ts';
import { foldersOf } from '../../../infra/services/place.ts';
import { readRecord } from '../../../infra/services/record.ts';
import type { Environment } from './child.ts';

/** What the write path stands on, all of it made for the measurement. */
export type IngestPlace = {
  /** What the log is, and what the views write to. */
  log: 'embedded' | 'kafka';
  stores: string;
  tenant_id: string;
  /** What the processes of the tiers are told. */
  environment: Environment;
  /** Where the log is Kafka: its brokers, and the broker's process where it is one of `npm run services`. */
  brokers: string | null;
  broker_pid: number | null;
  remove(): Promise<void>;
};

/** The real part of each port, and the variable without which there is none. */
const REAL = [
  ['LOG', 'kafka', 'KAFKA_BROKERS'],
  ['RELATIONAL', 'postgres', 'POSTGRES_URL'],
  ['KEY_STORE', 'postgres', 'POSTGRES_URL'],
  ['VECTORS', 'milvus', 'MILVUS_ADDRESS'],
  ['GRAPH', 'neo4j', 'NEO4J_URL'],
  ['ANSWERS', 'redis', 'REDIS_URL'],
  ['ARCHIVE', 's3', 'S3_BUCKET'],
] as const;

function brokerPid(brokers: string): number | null {
  const kafka = readRecord(foldersOf(process.env, process.getuid?.()), 'kafka');
  return kafka && brokers.endsWith(`:${kafka.ports.main}`) ? kafka.process.pid : null;
}

async function placeOn(log: IngestPlace['log'], folder: string): Promise<IngestPlace> {
  const choices = REAL.map(([port, part, variable]) => [
    port,
    log === 'kafka' && process.env[variable] ? part : 'embedded',
  ]);
  const chosen = {
    ...(Object.fromEntries(choices) as Environment),
    EMBEDDER: 'hashing',
    KAFKA_PARTITIONS: '8',
    KAFKA_REPLICAS: '1',
  };
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  const data = join(folder, log);
  await mkdir(data);
  const env = { ...process.env, ...chosen };
  const { names, remove } = await apart({ env, name, data, application: 'edgewise-bench' });
  const stores = new Set(choices.filter(([port]) => port !== 'LOG').map(([, part]) => part));
  const brokers = log === 'kafka' ? (process.env['KAFKA_BROKERS'] ?? null) : null;
  return {
    log,
    stores: [...stores].join(', '),
    tenant_id: name.replace('_', '-'),
    environment: { ...chosen, ...names },
    brokers,
    broker_pid: brokers === null ? null : brokerPid(brokers),
    remove,
  };
}

/**
 * What there is to measure on, one after the other: the embedded parts, then Kafka where the environment has one,
 * with the real stores that it has. What was made goes when the next is taken.
 */
export async function* ingestPlaces(folder: string, only = ''): AsyncGenerator<IngestPlace> {
  for (const log of ['embedded', 'kafka'] as const) {
    if (!log.includes(only)) continue;
    if (log === 'kafka' && !process.env['KAFKA_BROKERS']) {
      console.warn(
        'NOT MEASURED, Kafka: set KAFKA_BROKERS (npm run services -- up kafka, then npm run services -- env)',
      );
      continue;
    }
    const place = await placeOn(log, folder);
    try {
      yield place;
    } finally {
      await place.remove();
    }
  }
}
