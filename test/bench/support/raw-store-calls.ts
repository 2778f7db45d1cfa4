import { ConsistencyLevelEnum, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { Redis } from 'ioredis';
import neo4j from 'neo4j-driver';
import pg from 'pg';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import { BOUNDS } from '#backing/graph/port.ts';
import { readCypher } from '#backing/neo4j/cypher.ts';
import { decodeProfile } from '#backing/profiles/stored.ts';
import { epochKey, FLOOR_KEY } from '#contract/kept-answer.ts';
import { interestsHydrator } from '../../../origin/hydrators/interests.ts';
import type { Query } from '../../../origin/pipeline/stages.ts';
import { answer, LIFE_MS } from './answer.ts';
import { openedPorts } from './opened-ports.ts';
import { STRANGERS } from './real-questions.ts';
import { calling, type Side, variable } from './store-bench.ts';

/** Where the stores have what answers are made of; its `environment` leads there. */
type Place = { tenant_id: string; people: readonly string[]; environment: Readonly<Record<string, string>> };

/** What our adapters ask for: hits for each interest, and days that the graph is walked. */
const [HITS, WINDOW_DAYS, DAY_MS] = [116, 30, 86_400_000];
/** As the tiers have them by default. */
const [CONNECTIONS, LIMIT_MS] = [10, 10_000];

const { signal } = new AbortController();
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** What each person talks about, as answers are asked about it, in the order of the people. */
async function interestsOf({ tenant_id, people }: Place) {
  await using stack = new AsyncDisposableStack();
  const { relational, vectors, embedders } = await openedPorts<'origin'>(
    stack,
    ['origin'],
    ['relational', 'vectors', 'embedders'],
  );
  const version: EmbeddingVersion = embedders.usual;
  const { hydrate } = interestsHydrator(vectors);
  const all: number[][][] = [];
  for (const user_id of people) {
    const profile = await relational.profiles.read(tenant_id, user_id, signal);
    const about = { tenant_id, profile, version, request: { user_id }, user_epoch: 0, degraded: new Set() };
    const { interests = [] } = await hydrate(about as unknown as Query, signal);
    all.push(interests.map(({ vector }) => Array.from(vector)));
  }
  return all;
}

/**
 * The raw clients of the stores, on what a tenant's answers are made of, making the calls that each takes, with the same
 * deadlines: that the cache has none, a stranger's profile, a person's nearest campaigns beside their graph, and that
 * the cache is told.
 */
async function raw(place: Place): Promise<Side> {
  const { tenant_id, people, environment } = place;
  Object.assign(process.env, environment);
  const interests = await interestsOf(place);
  const prefix = environment['MILVUS_PREFIX'] ?? '';
  const redis = new Redis(variable('REDIS_URL'), { protocol: 2, commandTimeout: LIMIT_MS });
  const pool = new pg.Pool({
    connectionString: variable('POSTGRES_URL'),
    max: CONNECTIONS,
    connectionTimeoutMillis: 3_000,
    statement_timeout: LIMIT_MS,
    query_timeout: LIMIT_MS,
    options: `-c search_path=${environment['POSTGRES_SCHEMA']}`,
  });
  const driver = neo4j.driver(
    variable('NEO4J_URL'),
    neo4j.auth.basic(variable('NEO4J_USER'), variable('NEO4J_PASSWORD')),
    { disableLosslessIntegers: true },
  );
  const milvus = new MilvusClient({
    address: variable('MILVUS_ADDRESS'),
    logLevel: 'error',
    timeout: LIMIT_MS,
    telemetry: { enabled: false },
    channelOptions: { 'grpc.keepalive_time_ms': 2 ** 30 },
  });
  const { data: collections } = await milvus.showCollections();
  const collection_name = collections.find(
    ({ name }) => name.startsWith(prefix) && name.includes('campaigns'),
  )?.name;
  if (!collection_name) throw new Error(`There are no campaigns in Milvus whose name begins with ${prefix}`);
  const NEIGHBOURS = readCypher(
    new URL('../../../backing/graph/neo4j/neighbours.cypher', import.meta.url),
    environment['NEO4J_VERSION'] ?? '',
  );
  const limits = Object.fromEntries(Object.entries(BOUNDS).map(([name, bound]) => [name, neo4j.int(bound)]));

  async function neighbours(user: string): Promise<object[]> {
    const now_ms = Date.now();
    const asked = { tenant: tenant_id, user, from: dayOf(now_ms - WINDOW_DAYS * DAY_MS), to: dayOf(now_ms) };
    const session = driver.session({ defaultAccessMode: neo4j.session.READ });
    const { records } = await session.run(NEIGHBOURS, { asked, ...limits }, { timeout: LIMIT_MS });
    await session.close();
    return records.map((record) => record.toObject());
  }

  const nearest = (vectors: number[][]) =>
    milvus.search({
      collection_name: collection_name as string,
      anns_field: 'vector',
      data: vectors,
      limit: HITS,
      filter: `tenant_id == "${tenant_id}" and active == true and starts_ms <= ${Date.now()} and ends_ms > ${Date.now()}`,
      metric_type: 'COSINE',
      params: { ef: 128 },
      output_fields: ['campaign_id'],
      consistency_level: ConsistencyLevelEnum.Strong,
    });

  async function profile(user: string): Promise<object | null> {
    const text = 'SELECT profile FROM profiles WHERE tenant_id = $1 AND user_id = $2';
    const { rows } = await pool.query({ name: 'read', text, values: [tenant_id, user] });
    return rows[0] ? decodeProfile(rows[0].profile) : null;
  }

  return {
    work: {
      'an answer': calling(async (at) => {
        const stranger = at % STRANGERS === 0;
        const user = stranger ? `stranger-${at}` : (people[at % people.length] as string);
        const vectors = stranger ? [] : (interests[at % people.length] ?? []);
        const kept = `raw:${tenant_id}:${at}`;
        await redis.mget(epochKey(tenant_id, user), epochKey(tenant_id, null), FLOOR_KEY, kept);
        if (stranger) await profile(user);
        await Promise.all([neighbours(user), vectors.length > 0 ? nearest(vectors) : null]);
        await redis.set(kept, JSON.stringify(answer()), 'PX', LIFE_MS);
      }),
    },
    async close() {
      redis.disconnect();
      await Promise.all([pool.end(), driver.close(), milvus.closeConnection()]);
    },
  };
}

export const store = { raw };
