import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { openStores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { toStderr } from '#backing/http/report.ts';
import { openMilvusVectors } from '#backing/vectors/milvus.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { progressOn } from '../../../infra/local/terminal/progress.ts';
import { openRecommender } from '../../../origin/recommender.ts';
import { tellParent } from './child.ts';
import { type GrownMessage, type GrowthSize, grownTenant, TENANT } from './growth-size.ts';
import { nearestExactly } from './nearest-exactly.ts';
import { percentileOf } from './open-loop.ts';
import { variable } from './store-bench.ts';

const { signal } = new AbortController();
const { version } = hashingEmbedder;
const [BATCH, NEAREST, QUESTIONS, ASKED] = [1_000, 10, 50, 1_000];
const PATIENCE_MS = 120_000;
const EVER = '0000-01-01T00:00:00.000Z';

/** Vectors in Milvus under a name of their own, which closing drops. */
async function milvus(): Promise<Vectors & { close(): Promise<void> }> {
  const address = variable('MILVUS_ADDRESS');
  const prefix = `growth_${randomUUID().replaceAll('-', '')}_`;
  const [history_before, limits] = ['2020-01', { search_ms: PATIENCE_MS, write_ms: PATIENCE_MS }];
  const vectors = await openMilvusVectors({
    ...{ address, prefix, history_before, ...limits },
    ...{ partitions: 2, clock: Date.now, report: toStderr },
  });
  return {
    ...vectors,
    async close() {
      await vectors.close();
      const client = new MilvusClient({ address, logLevel: 'error', telemetry: { enabled: false } });
      const { data } = await client.showCollections();
      for (const { name } of data)
        if (name.startsWith(prefix)) await client.dropCollection({ collection_name: name });
      await client.closeConnection();
    },
  };
}

async function timed<Value>(work: () => Promise<Value>): Promise<[value: Value, took_ms: number]> {
  const begun_ms = performance.now();
  const value = await work();
  return [value, performance.now() - begun_ms];
}

/** One row of the growth: fills a tenant of a size, searches it, and asks for answers, in a process of its own. */
async function measure(size: GrowthSize): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-growth-'));
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true }));
  const embedded = openStores({
    path: (name) => join(folder, name),
    clock: Date.now,
    synchronous: 'normal',
  });
  closing.defer(() => embedded.close());
  const stores = { ...embedded };
  if (size.on === 'milvus') {
    const vectors = await milvus();
    closing.defer(() => vectors.close());
    stores.vectors = vectors;
  }

  const tenant = grownTenant(size, Date.now());
  const questions = tenant.questions(QUESTIONS);
  const exact = {
    messages: nearestExactly(questions, NEAREST),
    campaigns: nearestExactly(questions, NEAREST),
  };
  const begun_ms = performance.now();
  const campaigns = tenant.campaigns.map(({ campaign, vector }) => {
    exact.campaigns.show(campaign.campaign_id, vector);
    return { tenant_id: TENANT, campaign_id: campaign.campaign_id, version: 1, campaign, vector };
  });
  await stores.catalogue.put(campaigns, signal);
  for (let at = 0; at < campaigns.length; at += BATCH)
    await stores.vectors.putCampaigns(version, campaigns.slice(at, at + BATCH), signal);
  const put = async (messages: readonly GrownMessage[]) => {
    for (const { message_id, vector } of messages) exact.messages.show(message_id, vector);
    await stores.vectors.putMessages(version, messages, signal);
    const events = messages.map(({ message_id, user_id, occurred_at, campaign_id }) => ({
      ...{ type: 'message' as const, message_id, user_id, occurred_at, campaign_id, text: '' },
      ...{ locale: null, channel: null, reply_to: null, reply_to_user_id: null },
    }));
    const { accepted_at } = tenant;
    await stores.counters.apply(
      events.map((event) => ({ imported: false, envelope: { v: 1, tenant_id: TENANT, accepted_at, event } })),
      signal,
    );
  };
  await progressOn(process.stderr)('filling', size.messages, async (at) => {
    let [batch, done]: [GrownMessage[], number] = [[], 0];
    for (const message of tenant.messages()) {
      if (batch.push(message) < BATCH) continue;
      await put(batch);
      done += batch.length;
      at(done);
      batch = [];
    }
    await put(batch);
    at(done + batch.length);
  });
  await stores.answers.raise([{ tenant_id: TENANT, user_id: null }], signal);
  const filled_ms = performance.now() - begun_ms;

  const now_ms = Date.now();
  const before = new Date(now_ms).toISOString();
  const searchMessages = async (vector: Float32Array) => {
    const search = { tenant_id: TENANT, version, vectors: [vector], k: NEAREST, about_campaigns: true };
    const [hits = []] = await stores.vectors.nearestMessages({ ...search, from: EVER, before }, signal);
    return hits.map(({ message_id }) => message_id);
  };
  const searchCampaigns = async (vector: Float32Array) => {
    const search = { tenant_id: TENANT, version, vectors: [vector], k: NEAREST };
    const [hits = []] = await stores.vectors.nearestCampaigns(
      { ...search, on_at_ms: now_ms, locale: null },
      signal,
    );
    return hits.map(({ campaign_id }) => campaign_id);
  };
  const [first] = questions as [Float32Array];
  const [, first_ms] = await timed(() => searchMessages(first));
  const found = { messages: [] as string[][], campaigns: [] as string[][] };
  const took = { messages: [] as number[], campaigns: [] as number[], answers: [] as number[] };
  for (const question of questions) {
    for (const [what, search] of [
      ['messages', searchMessages],
      ['campaigns', searchCampaigns],
    ] as const) {
      const [ids, took_ms] = await timed(() => search(question));
      found[what].push(ids);
      took[what].push(took_ms);
    }
  }

  const recommender = openRecommender({
    ...stores,
    ...{ embedders: embeddersOf(hashingEmbedder), clock: Date.now, report: toStderr },
    // What is slow here is to be seen, and not left out.
    dependency_ms: PATIENCE_MS,
  });
  const [, learning_ms] = await timed(() => recommender.relearn(TENANT));
  for (let at = 0; at < ASKED; at++) {
    const user_id = `u-${(at * 7919) % tenant.people}`;
    const epochs = await stores.answers.read(TENANT, user_id, signal);
    const request = {
      ...{ user_id, placement: 'discover', limit: 10, locale: null },
      ...{ tags: [], exclude: [], context: null },
    };
    const [{ content }, took_ms] = await timed(() =>
      recommender.recommendations(request, { tenant_id: TENANT, epochs, signal }),
    );
    if (content.degraded.length > 0) throw new Error(`An answer lacked ${content.degraded.join(', ')}`);
    took.answers.push(took_ms);
  }
  return {
    on: size.on,
    messages: size.messages,
    campaigns: size.campaigns,
    'filling, s': filled_ms / 1000,
    'learning, s': learning_ms / 1000,
    'first search, ms': first_ms,
    'messages p50, ms': percentileOf(took.messages, 0.5),
    'messages p95, ms': percentileOf(took.messages, 0.95),
    'recall@10': exact.messages.recall(found.messages),
    'campaigns p95, ms': percentileOf(took.campaigns, 0.95),
    'recall@10 of campaigns': exact.campaigns.recall(found.campaigns),
    'answers p50, ms': percentileOf(took.answers, 0.5),
    'answers p95, ms': percentileOf(took.answers, 0.95),
    'memory, MiB': Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
}

const [size] = process.argv.slice(2) as [string];
tellParent(await measure(JSON.parse(size) as GrowthSize));
