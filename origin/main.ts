import { openRedisAnswers } from '#backing/answers/redis.ts';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { postgresCounters } from '#backing/counters/postgres.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { toStderr } from '#backing/http/report.ts';
import { reachPostgres } from '#backing/postgres/reach.ts';
import { postgresProfiles } from '#backing/profiles/postgres.ts';
import { openAll, runMain } from '#backing/run-main.ts';
import { readSettings, setting } from '#backing/settings.ts';
import { openMilvusVectors } from '#backing/vectors/milvus.ts';
import { importKeys } from '#contract/signature.ts';
import { startOrigin } from './start.ts';

/** The origin on PostgreSQL, Milvus and Redis, by the environment. */
await runMain('origin', async (stack) => {
  const settings = readSettings(
    {
      HOST: setting.host,
      PORT: setting.port(8788),
      ORIGIN_KEYS: setting.keys,
      DEPENDENCY_MS: setting.dependency_ms,
      POSTGRES_URL: setting.postgres_url,
      POSTGRES_SCHEMA: setting.postgres_schema,
      MILVUS_ADDRESS: setting.milvus_address,
      MILVUS_PREFIX: setting.milvus_prefix,
      MILVUS_HISTORY_BEFORE: setting.milvus_history_before,
      REDIS_URL: setting.redis_url,
    },
    process.env,
  );
  const [clock, report] = [Date.now, toStderr];
  const { postgres, vectors, answers } = await openAll(stack, {
    postgres: reachPostgres({
      url: settings.POSTGRES_URL,
      schema: settings.POSTGRES_SCHEMA,
      application_name: 'edgewise-origin',
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
  });
  const origin = await startOrigin({
    catalogue: postgresCatalogue(postgres),
    counters: postgresCounters(postgres),
    profiles: postgresProfiles(postgres),
    vectors,
    answers,
    embedder: hashingEmbedder,
    keys: await importKeys(settings.ORIGIN_KEYS),
    clock,
    dependency_ms: settings.DEPENDENCY_MS,
    hostname: settings.HOST,
    port: settings.PORT,
    report,
  });
  stack.defer(() => origin.close());
  return `origin listens on ${origin.url}`;
});
