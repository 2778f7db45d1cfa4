import { openRedisAnswers } from '#backing/answers/redis.ts';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { toStderr } from '#backing/http/report.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { reachPostgres } from '#backing/postgres/reach.ts';
import { openAll, runMain } from '#backing/run-main.ts';
import { BadSettings, readSettings, setting } from '#backing/settings.ts';
import { openMilvusVectors } from '#backing/vectors/milvus.ts';
import { importKeys } from '#contract/signature.ts';
import { startGateway, startViews } from './start.ts';

const [clock, report] = [Date.now, toStderr];

const kafkaSettings = {
  KAFKA_BROKERS: setting.kafka_brokers,
  KAFKA_PREFIX: setting.kafka_prefix,
  KAFKA_PARTITIONS: setting.kafka_partitions,
  KAFKA_REPLICAS: setting.kafka_replicas,
};

function openLog(settings: ReturnType<typeof readSettings<typeof kafkaSettings>>, client_id: string) {
  const { KAFKA_BROKERS, KAFKA_PREFIX, KAFKA_PARTITIONS, KAFKA_REPLICAS } = settings;
  const topics = {
    partitions: KAFKA_PARTITIONS,
    replication_factor: KAFKA_REPLICAS,
    // So that one copy may be missing, where there is more than one.
    min_insync_replicas: Math.max(1, KAFKA_REPLICAS - 1),
  };
  return openKafkaLog({ brokers: KAFKA_BROKERS, client_id, prefix: KAFKA_PREFIX, topics, report });
}

/** The event gateway, in front of Kafka. */
async function gateway(stack: AsyncDisposableStack): Promise<string> {
  const settings = readSettings(
    { ...kafkaSettings, HOST: setting.host, PORT: setting.port(8789), GATEWAY_KEYS: setting.keys },
    process.env,
  );
  const { log } = await openAll(stack, { log: openLog(settings, 'edgewise-gateway') });
  const keys = await importKeys(settings.GATEWAY_KEYS);
  const served = await startGateway({
    log,
    keys,
    clock,
    hostname: settings.HOST,
    port: settings.PORT,
    report,
  });
  stack.defer(() => served.close());
  return `gateway listens on ${served.url}`;
}

/** The views: from Kafka into PostgreSQL and Milvus, raising epochs in Redis. */
async function views(stack: AsyncDisposableStack): Promise<string> {
  const settings = readSettings(
    {
      ...kafkaSettings,
      POSTGRES_URL: setting.postgres_url,
      POSTGRES_SCHEMA: setting.postgres_schema,
      MILVUS_ADDRESS: setting.milvus_address,
      MILVUS_PREFIX: setting.milvus_prefix,
      MILVUS_HISTORY_BEFORE: setting.milvus_history_before,
      REDIS_URL: setting.redis_url,
    },
    process.env,
  );
  const { log, postgres, vectors, answers } = await openAll(stack, {
    postgres: reachPostgres({
      url: settings.POSTGRES_URL,
      schema: settings.POSTGRES_SCHEMA,
      application_name: 'edgewise-views',
      report,
    }),
    vectors: openMilvusVectors({
      address: settings.MILVUS_ADDRESS,
      prefix: settings.MILVUS_PREFIX,
      history_before: settings.MILVUS_HISTORY_BEFORE,
      clock,
      report,
    }),
    answers: openRedisAnswers({ url: settings.REDIS_URL, clock, report }),
    log: openLog(settings, 'edgewise-views'),
  });
  const running = await startViews({
    log,
    counters: postgresCounters(postgres),
    catalogue: postgresCatalogue(postgres),
    vectors,
    embedder: hashingEmbedder,
    answers,
    clock,
  });
  stack.defer(() => running.close());
  return 'views are running';
}

/** The roles of this tier, each a process of its own: `node ingest/main.ts gateway`, `node ingest/main.ts views`. */
const ROLES: Readonly<Record<string, typeof gateway>> = { gateway, views };

const role = process.argv[2] ?? '';
await runMain(role || 'ingest', async (stack) => {
  const start = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  if (!start) throw new BadSettings(`Name what to run: ${Object.keys(ROLES).join(' or ')}`);
  return start(stack);
});
