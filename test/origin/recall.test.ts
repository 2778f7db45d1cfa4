import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { operationsApp } from '#backing/http/operations.ts';
import { openMetrics } from '#backing/telemetry/metrics.ts';
import type { CampaignSearch, MessageHit, Scan, Vectors } from '#backing/vectors/port.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { openMeasures } from '../../origin/measures.ts';
import { openRecall, recallOf } from '../../origin/recall.ts';
import { startOrigin } from '../../origin/start.ts';
import { NOW, openWorld, said, signal, topicsOfTalk } from './world.ts';

const idOf = ({ id }: { id: number }) => String(id);
const nearest = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, similarity: 1 - (from + at) / 1_000 }));

describe('the recall of a search', () => {
  test('is the share of the k nearest that it found, where all was looked at', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(some, (ids) => {
        const k = ids.length;
        const found = ids.toSorted((a, b) => a - b).flatMap((id) => nearest(id, 1));
        const exact = nearest(0, k);
        const right = ids.filter((id) => id < k).length;
        expect(recallOf({ found, exact, k }, idOf)).toBeCloseTo(right / k, 10);
      }),
    );
  });

  test('counts of a slice what is nearer than the last that was found, and nothing as far away as that', () => {
    const found = nearest(0, 10).filter(({ id }) => id !== 4);
    const slice = nearest(0, 100).filter(({ id }) => id % 2 === 0);
    expect(recallOf({ found, exact: slice, k: 9 }, idOf)).toBe(4 / 5);
    const tied = { id: 1_000, similarity: (found.at(-1) as { similarity: number }).similarity };
    expect(recallOf({ found, exact: [tied], k: 9 }, idOf)).toBeNull();
    expect(recallOf({ found: [], exact: slice, k: 9 }, idOf)).toBe(0);
    expect(recallOf({ found: [], exact: [], k: 9 }, idOf)).toBeNull();
  });
});

const search: CampaignSearch = {
  tenant_id: 'acme',
  version: { id: 'v', dimension: 1, metric: 'cosine', digest: 'd' },
  vectors: [Float32Array.of(1)],
  k: 2,
  on_at_ms: 0,
  locale: null,
};
const HITS = [{ campaign_id: 'a', similarity: 0.9 }, ...[{ campaign_id: 'b', similarity: 0.8 }]];
const searches = {
  nearestCampaigns: async () => [HITS],
  nearestMessages: async (): Promise<MessageHit[][]> => [],
};

/** A recall of which each question is asked by hand, and all that is measured. */
async function openDrawn(campaignsExactly: Vectors['campaignsExactly'], share = 1) {
  const [metrics, time] = [openMetrics(), { now: NOW }];
  const reports: object[] = [];
  const recall = openRecall({
    vectors: { campaignsExactly, messagesExactly: async () => null },
    share,
    clock: () => time.now,
    measures: openMeasures(metrics.meter),
    report: (line) => reports.push(line),
    random: () => 0.5,
  });
  onTestFinished(() => recall.close());
  const drawn = recall.of('nearest_campaigns', searches);
  const answer = async () => {
    recall.begun();
    await drawn.nearestCampaigns(search, signal);
    recall.ended();
  };
  const samples = async (outcome: string) =>
    Number(
      new RegExp(`edgewise_search_samples_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`).exec(
        await metrics.text(),
      )?.[1] ?? 0,
    );
  return { recall, drawn, answer, samples, metrics, time, reports };
}

describe('a search that is drawn', () => {
  test('is asked again only in a moment in which no answer is being made', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const exactly = vi.fn(async () => [HITS]);
    const { recall, drawn, samples } = await openDrawn(exactly);
    recall.begun();
    recall.begun();
    await drawn.nearestCampaigns(search, signal);
    recall.ended();
    vi.advanceTimersByTime(60_000);
    expect(exactly).not.toHaveBeenCalled();
    recall.ended();
    expect(exactly).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20);
    expect(exactly).toHaveBeenCalledTimes(1);
    await vi.waitFor(async () => expect(await samples('compared')).toBe(1));
    expect(exactly).toHaveBeenCalledWith(search, { most: 5_000, start: 0.5 }, expect.any(AbortSignal));
  });

  test('is shed while another is being asked, and while that is rested from', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof HITS>();
    const exactly = vi.fn(async (_search: CampaignSearch, _scan: Scan) => [await promise]);
    const { answer, samples, time } = await openDrawn(exactly);
    await answer();
    await vi.waitFor(() => expect(exactly).toHaveBeenCalledTimes(1));
    await answer();
    expect(await samples('shed')).toBe(1);
    time.now += 100;
    resolve(HITS);
    await vi.waitFor(async () => expect(await samples('compared')).toBe(1));
    await answer();
    expect(await samples('shed')).toBe(2);
    time.now += 2_001;
    await answer();
    await vi.waitFor(async () => expect(await samples('compared')).toBe(2));
  });

  test('is shed where no such moment comes', async () => {
    const exactly = vi.fn(async () => [HITS]);
    const { recall, answer, samples, time } = await openDrawn(exactly);
    recall.begun();
    await answer();
    time.now += 10_001;
    await answer();
    expect(await samples('shed')).toBe(1);
    expect(exactly).not.toHaveBeenCalled();
  });

  test('is one of a share', async () => {
    const { answer, metrics } = await openDrawn(async () => [HITS], 0.4);
    for (let i = 0; i < 5; i++) await answer();
    expect(await metrics.text()).not.toContain('edgewise_search_samples_total{');
  });

  test('that cannot be asked again is counted, and reported once; one by no index is no measurement', async () => {
    let exact: typeof HITS | null = null;
    const down = Object.assign(new Error('down'), { code: 'vectors_unavailable' });
    const { answer, samples, metrics, reports } = await openDrawn(async () => {
      if (!exact) throw down;
      return null;
    });
    for (const failed of [1, 2]) {
      await answer();
      await vi.waitFor(async () => expect(await samples('failed')).toBe(failed));
    }
    expect(reports).toMatchObject([{ level: 'warn', collection: 'campaigns' }]);
    exact = HITS;
    await answer();
    await vi.waitFor(async () => expect(await samples('exact')).toBe(1));
    expect(await metrics.text()).not.toContain('edgewise_search_recall_count{');
  });

  test('is given up when the origin ends', async () => {
    const exactly = vi.fn(() => new Promise<never>(() => {}));
    const { recall, answer } = await openDrawn(exactly);
    await answer();
    await vi.waitFor(() => expect(exactly).toHaveBeenCalled());
    await recall.close();
  });
});

test('what an index misses of live searches is told at /metrics, by source and collection', async () => {
  const keys = await importKeys([{ id: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }]);
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  await world.events([
    said('ada', 'the wifi signal drops'),
    said('bob', 'the wireless signal is weak', 'wifi'),
  ]);
  const { vectors, placements } = world.stores;
  // No placement that Edgewise brings along weighs what is searched among messages.
  const at = new Date(NOW).toISOString();
  const home = { tenant_id: 'acme', name: 'home', at };
  const content = {
    ...{
      weights: { nearest_campaigns: 1, similar_conversations: 1 },
      model: null,
      repeats: true,
      boosts: [],
      pins: [],
    },
    ...{ frequency_caps: [], diversity: 0, exploration: 0 },
  };
  const { version } = await placements.add({ ...home, content }, signal);
  await placements.move({ ...home, version, status: 'live' }, signal);
  const metrics = openMetrics();
  onTestFinished(() => metrics.close());
  const served = await startOrigin({
    ...world.options,
    // An index that misses the nearest campaign of the four, and no message.
    vectors: {
      ...vectors,
      nearestCampaigns: async (search, signal) =>
        (await vectors.nearestCampaigns(search, signal)).map((hits) => hits.slice(1)),
      campaignsExactly: (search, _scan, signal) => vectors.nearestCampaigns(search, signal),
      messagesExactly: (search, _scan, signal) => vectors.nearestMessages(search, signal),
    },
    answers: world.stores.answers,
    keys,
    hostname: '127.0.0.1',
    port: 0,
    meter: metrics.meter,
    recall_share: 0.5,
  });
  onTestFinished(served.close);
  const operations = operationsApp({ ready: () => true, metrics });
  const caller = { tenant_id: 'acme', subject: 'ada', scopes: ['recommendations:read'] } as const;
  let limit = 0;
  await vi.waitFor(
    async () => {
      const url = new URL(`/v1/users/ada/recommendations?placement=home&limit=${++limit}`, served.url);
      const asked = { method: 'GET', url, caller: { ...caller, scopes: [...caller.scopes] }, body: null };
      const headers = await sign({ ...asked, deadline_ms: 5_000 }, keys[0] as Key, world.clock());
      expect((await fetch(url, { headers })).status).toBe(200);
      const text = await (await operations.request('/metrics')).text();
      const recall = (source: string, collection: string) =>
        new RegExp(
          `edgewise_search_recall_bucket\\{source="${source}",collection="${collection}",le="([\\d.]+)"\\} [1-9]`,
        ).exec(text)?.[1];
      expect(recall('nearest_campaigns', 'campaigns')).toBe('0.8');
      expect(recall('similar_conversations', 'messages')).toBe('1');
    },
    { timeout: 10_000, interval: 30 },
  );
});
