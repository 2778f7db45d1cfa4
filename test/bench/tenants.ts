import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStores, type Stores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { toStderr } from '#backing/http/report.ts';
import { Campaign } from '#contract/campaign.ts';
import { livedAt } from '#contract/deletion.ts';
import type { Event } from '#contract/event.ts';
import { parse } from '#contract/parse.ts';
import { topics } from '#contract/topics.ts';
import { progressOn } from '../../infra/local/terminal/progress.ts';
import { openRecommender } from '../../origin/recommender.ts';
import { type BenchOptions, report } from './support/report.ts';

const { signal } = new AbortController();
const TENANTS = 1000;
/** The largest tenant's people; the nth has an nth of them (Zipf), and never fewer than the least. */
const [MOST_PEOPLE, LEAST_PEOPLE] = [4000, 5];
const ENGAGEMENTS = 10;
/** A tenth of what people do is to say something. */
const SAID_EVERY = 10;
const ASKED = 10_000;
const DAY_MS = 86_400_000;
const LEARNT_EVERY_MS = 10 * 60_000;
/** Its past chooses weights anew so often, as long as it grows slowly. */
const REHEARSED_EVERY_MS = 6 * 3_600_000;
/** What a processor is taken to cost, in dollars an hour, and a GiB of memory: list prices of large clouds lie about there. */
const [CPU_HOUR, GIB_HOUR] = [0.04, 0.005];

const peopleOf = (tenant: number) => Math.max(LEAST_PEOPLE, Math.round(MOST_PEOPLE / (tenant + 1)));
const campaignsOf = (tenant: number) => Math.min(500, 10 + Math.round(peopleOf(tenant) / 8));
const nameOf = (tenant: number) => `tenant-${tenant}`;

function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Who is told of apart, by their places among the tenants by size. */
const LOOKED_AT = {
  'the largest': 0,
  'the 10th': 9,
  'the 100th': 99,
  'the median': 499,
  'the smallest': 999,
};

/** A tenant whose people each like some neighbouring campaigns. */
async function fill(stores: Stores, tenant: number, now_ms: number): Promise<void> {
  const [tenant_id, random] = [nameOf(tenant), dice(tenant + 1)];
  const campaigns = Array.from({ length: campaignsOf(tenant) }, (_, i) =>
    parse(Campaign, { campaign_id: `c-${i}`, title: `Campaign ${i}`, text: `theme ${i % 17} and ${i % 5}` }),
  );
  await stores.catalogue.put(
    campaigns.map((campaign) => ({ tenant_id, campaign_id: campaign.campaign_id, version: 1, campaign })),
    signal,
  );
  const events: Event[] = [];
  for (let person = 0; person < peopleOf(tenant); person++) {
    const home = Math.floor(random() * campaigns.length);
    for (let i = 0; i < ENGAGEMENTS; i++) {
      const campaign_id = `c-${(home + Math.floor(random() ** 2 * 8)) % campaigns.length}`;
      const common = {
        ...{ message_id: `m-${i}`, user_id: `u-${person}`, locale: null, campaign_id },
        occurred_at: new Date(now_ms - random() * 60 * DAY_MS).toISOString(),
      };
      events.push(
        i % SAID_EVERY === 0
          ? {
              ...common,
              ...{ type: 'message', text: `about theme ${home % 17}`, channel: null },
              ...{ reply_to: null, reply_to_user_id: null },
            }
          : { ...common, type: 'click', recommendation_id: null, placement: null, position: null },
      );
    }
  }
  const accepted_at = new Date(now_ms).toISOString();
  for (let at = 0; at < events.length; at += 5000) {
    const some = events.slice(at, at + 5000);
    await stores.counters.apply(
      some.map((event) => ({ imported: false, envelope: { v: 1, tenant_id, accepted_at, event } })),
      signal,
    );
    const said = some.filter((event) => event.type === 'message');
    const vectors = await hashingEmbedder.embed(
      said.map(({ text }) => text),
      signal,
    );
    const rows = said.map((event, i) => ({
      ...{ tenant_id, user_id: event.user_id, message_id: event.message_id, locale: null },
      ...{ occurred_at: event.occurred_at, campaign_id: event.campaign_id },
      lived_at: livedAt({ accepted_at, occurred_at: event.occurred_at }),
      accepted_at,
      place: { topic: topics.events, partition: 0, offset: at + i },
      vector: vectors[i] as Float32Array,
    }));
    await stores.vectors.putMessages(hashingEmbedder.version, rows, signal);
  }
  await stores.answers.raise([{ tenant_id, user_id: null }], signal);
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

/**
 * A thousand tenants of mixed size in one origin: what each one's learning takes and what is kept of it, and how fast all
 * are answered.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-bench-'));
  const path = (name: string) => join(folder, name);
  const stores = openStores({ path, clock: Date.now, synchronous: 'normal' });
  const progress = progressOn(process.stderr);
  const now_ms = Date.now();
  try {
    await progress('filling tenants', TENANTS, async (at) => {
      for (let tenant = 0; tenant < TENANTS; tenant++) {
        await fill(stores, tenant, now_ms);
        at(tenant + 1);
      }
    });
    const embedders = embeddersOf(hashingEmbedder);
    const recommender = openRecommender({ ...stores, embedders, clock: Date.now, report: toStderr });
    const before = process.memoryUsage().rss;
    const learning = async (tenant: number) => {
      const [begun, used] = [performance.now(), process.cpuUsage()];
      const held_bytes = await recommender.relearn(nameOf(tenant));
      const { user, system } = process.cpuUsage(used);
      return { cpu_s: (user + system) / 1e6, took_ms: performance.now() - begun, held_bytes };
    };
    const learnt: (Awaited<ReturnType<typeof learning>> & { tenant: number; again_s: number })[] = [];
    await progress('learning', TENANTS, async (at) => {
      for (let tenant = 0; tenant < TENANTS; tenant++) {
        const first = await learning(tenant);
        // The past has not grown since, and chooses nothing anew.
        learnt.push({ tenant, ...first, again_s: (await learning(tenant)).cpu_s });
        at(tenant + 1);
      }
    });
    const random = dice(7);
    const took: number[] = [];
    await progress('asking', ASKED, async (at) => {
      for (let i = 0; i < ASKED; i++) {
        const tenant = Math.floor(TENANTS ** random()) - 1;
        const [tenant_id, user_id] = [nameOf(tenant), `u-${Math.floor(random() * peopleOf(tenant))}`];
        const epochs = await stores.answers.read(tenant_id, user_id, signal);
        const begun = performance.now();
        const request = {
          ...{ user_id, placement: 'discover', limit: 10, locale: null },
          ...{ tags: [], exclude: [], context: null },
        };
        await recommender.recommendations(request, { tenant_id, epochs, signal });
        took.push(performance.now() - begun);
        at(i + 1);
      }
    });
    took.sort((a, b) => a - b);
    const after = process.memoryUsage().rss;
    const cpu_s = learnt.reduce((sum, one) => sum + one.cpu_s, 0);
    const [learnings, rehearsals] = [LEARNT_EVERY_MS, REHEARSED_EVERY_MS].map((ms) => DAY_MS / ms) as [
      number,
      number,
    ];
    const daily_s = ({ cpu_s, again_s }: (typeof learnt)[number]) =>
      learnings * again_s + rehearsals * Math.max(0, cpu_s - again_s);
    const row = (what: string, one: (typeof learnt)[number]) => {
      const { tenant, cpu_s, again_s, took_ms, held_bytes } = one;
      return {
        what,
        people: peopleOf(tenant),
        campaigns: campaignsOf(tenant),
        'learning, CPU ms': cpu_s * 1000,
        'again, CPU ms': again_s * 1000,
        'learning, ms': took_ms,
        'learnt, KiB': held_bytes / 2 ** 10,
        'learnt, $ a month': (held_bytes / 2 ** 30) * GIB_HOUR * 24 * 30,
        'learning, $ a month if asked all day': ((daily_s(one) * 30) / 3600) * CPU_HOUR,
      };
    };
    const rows = Object.entries(LOOKED_AT).map(([what, place]) =>
      row(what, learnt[place] as (typeof learnt)[number]),
    );
    const total = {
      what: 'all together',
      people: learnt.reduce((sum, { tenant }) => sum + peopleOf(tenant), 0),
      campaigns: learnt.reduce((sum, { tenant }) => sum + campaignsOf(tenant), 0),
      'learning, CPU ms': cpu_s * 1000,
      'again, CPU ms': learnt.reduce((sum, { again_s }) => sum + again_s, 0) * 1000,
      'memory before, MiB': before / 2 ** 20,
      'memory after, MiB': after / 2 ** 20,
      'memory a tenant, KiB': (after - before) / 2 ** 10 / TENANTS,
      'memory, $ a month': (after / 2 ** 30) * GIB_HOUR * 24 * 30,
      'answers p50, ms': percentile(took, 0.5),
      'answers p95, ms': percentile(took, 0.95),
      'answers p99, ms': percentile(took, 0.99),
    };
    await report('tenants', { 'tenants by size': rows, 'all of them in one origin': [total] }, options);
  } finally {
    stores.close();
    await rm(folder, { recursive: true });
  }
}
