import { randomUUID } from 'node:crypto';
import { ConsistencyLevelEnum, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { openMilvusVectors } from '#backing/vectors/milvus.ts';
import type { CampaignVector, MessageVector } from '#backing/vectors/port.ts';
import { topics } from '#contract/topics.ts';
import { campaignAt, TENANT } from '../support/events.ts';
import { calling, type StoreBench, variable } from '../support/store-bench.ts';

type Place = { prefix: string; campaigns: string; messages: string };

const { signal } = new AbortController();
const version = { id: 'bench', dimension: 256, metric: 'cosine', digest: 'bench' } as const;
const [FILLED, BATCH, NEAREST, INTERESTS, FETCHED] = [3_000, 500, 100, 3, 64];
const DAY = '2026-10-05T10:00:00.000Z';
const LIMIT_MS = 60_000;
/** Each side writes messages of its own. */
const sides = { filled: 0, adapter: 1_000_000, raw: 2_000_000 };

function vectorAt(at: number): Float32Array {
  const vector = Float32Array.from({ length: version.dimension }, (_, i) =>
    Math.sin(at * 1.7 + i * (1 + (at % 13))),
  );
  const length = Math.hypot(...vector);
  return vector.map((component) => component / length);
}

const idAt = (at: number) => `message-${at}`;
const interests = (at: number) => Array.from({ length: INTERESTS }, (_, i) => vectorAt(at * INTERESTS + i));
const messageAt = (at: number): MessageVector => ({
  tenant_id: TENANT,
  user_id: 'user',
  message_id: idAt(at),
  occurred_at: DAY,
  campaign_id: null,
  locale: 'en',
  lived_at: DAY,
  accepted_at: DAY,
  place: { topic: topics.events, partition: 0, offset: at },
  vector: vectorAt(at),
});
const batchAt = (side: keyof typeof sides, at: number) =>
  Array.from({ length: BATCH }, (_, i) => messageAt(sides[side] + at * BATCH + i));
const fetchedAt = (at: number) =>
  Array.from({ length: FETCHED }, (_, i) => idAt((at * FETCHED + i) % FILLED));

const open = (prefix: string) =>
  openMilvusVectors({
    address: variable('MILVUS_ADDRESS'),
    prefix,
    history_before: '2026-09',
    partitions: 2,
    search_ms: LIMIT_MS,
    clock: Date.now,
    report: (line) => console.error(JSON.stringify(line)),
  });

const bare = () =>
  new MilvusClient({
    address: variable('MILVUS_ADDRESS'),
    logLevel: 'error',
    timeout: LIMIT_MS,
    telemetry: { enabled: false },
    channelOptions: { 'grpc.keepalive_time_ms': 2 ** 30 },
  });

export const store: StoreBench<Place> = {
  name: 'vectors on Milvus',
  needs: [{ variable: 'MILVUS_ADDRESS', up: 'milvus' }],
  operations: [
    {
      name: 'search campaigns',
      holds: `${INTERESTS} vectors of 256, nearest ${NEAREST} of 200`,
      items: 1,
      clients: 4,
    },
    { name: 'messages', holds: `${FETCHED} vectors of 256 by id`, items: FETCHED, clients: 4 },
    {
      name: 'put messages',
      holds: `${BATCH} vectors of 256, looked up first`,
      items: BATCH,
      clients: 1,
      most: 8,
    },
  ],

  async prepare() {
    const prefix = `bench_${randomUUID().replaceAll('-', '')}_`;
    const vectors = await open(prefix);
    for (let at = 0; at < FILLED / BATCH; at++)
      await vectors.putMessages(version, batchAt('filled', at), signal);
    const campaigns = Array.from({ length: 200 }, (_, at): CampaignVector => {
      const campaign = campaignAt(at);
      const { campaign_id } = campaign;
      return { tenant_id: TENANT, campaign_id, version: 1, campaign, vector: vectorAt(at) };
    });
    await vectors.putCampaigns(version, campaigns, signal);
    await vectors.close();
    const client = bare();
    const { data } = await client.showCollections();
    const names = data.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    const named = (kind: RegExp) => names.find((name) => kind.test(name)) ?? '';
    return {
      place: { prefix, campaigns: named(/campaigns/), messages: named(/_in_2026_10$/) },
      async remove() {
        for (const collection_name of names) await client.dropCollection({ collection_name });
        await client.closeConnection();
      },
    };
  },

  async adapter({ prefix }) {
    const vectors = await open(prefix);
    const about = { tenant_id: TENANT, version, k: NEAREST, on_at_ms: Date.now(), locale: 'en' };
    return {
      work: {
        'search campaigns': calling((at) =>
          vectors.nearestCampaigns({ ...about, vectors: interests(at) }, signal),
        ),
        messages: calling((at) => vectors.messages(version, TENANT, 'user', fetchedAt(at), signal)),
        'put messages': calling((at) => vectors.putMessages(version, batchAt('adapter', at), signal)),
      },
      close: () => vectors.close(),
    };
  },

  async raw({ campaigns, messages }) {
    const client = bare();
    const consistency_level = ConsistencyLevelEnum.Strong;
    const filter =
      `tenant_id == "${TENANT}" and active == true and starts_ms <= ${Date.now()} and ends_ms > ${Date.now()} ` +
      'and (array_length(locales) == 0 or array_contains(locales, "en"))';
    const query = (keys: string[], field: string) =>
      client.query({
        collection_name: messages,
        filter: `pk in ${JSON.stringify(keys)}`,
        output_fields: ['pk', field],
        consistency_level,
        limit: keys.length,
      });
    // The keys of the rows that are there, since only who wrote them knows how they are made.
    const { data } = await client.query({
      collection_name: messages,
      filter: 'pk >= "0"',
      output_fields: ['pk', 'message_id'],
      limit: FILLED,
      consistency_level,
    });
    const keys = new Map(data.map((row) => [String(row['message_id']), String(row['pk'])]));
    return {
      work: {
        'search campaigns': calling((at) =>
          client.search({
            collection_name: campaigns,
            anns_field: 'vector',
            data: interests(at).map((vector) => Array.from(vector)),
            limit: NEAREST,
            filter,
            metric_type: 'COSINE',
            params: { ef: 128 },
            output_fields: ['campaign_id'],
            consistency_level,
          }),
        ),
        messages: calling(async (at) => {
          const asked = fetchedAt(at).map((id) => keys.get(id) ?? '');
          const { data } = await query(asked, 'vector');
          return data.map((row) => Float32Array.from(row['vector'] as number[]));
        }),
        'put messages': calling(async (at) => {
          const rows = batchAt('raw', at).map(({ place, vector, lived_at, accepted_at, ...row }) => ({
            ...row,
            pk: row.message_id,
            occurred_ms: Date.parse(row.occurred_at),
            lived_ms: Date.parse(lived_at),
            accepted_ms: Date.parse(accepted_at),
            campaign_id: '',
            place: place.offset,
            vector: Array.from(vector),
          }));
          const there = await query(
            rows.map(({ pk }) => pk),
            'place',
          );
          if (there.data.length > 0) throw new Error('They were there already');
          await client.upsert({ collection_name: messages, data: rows });
        }),
      },
      close: async () => void (await client.closeConnection()),
    };
  },
};
