import { createHistogram } from 'node:perf_hooks';
import { seededRandom } from '../../infra/local/simulated/random.ts';
import { type App, happenings, type Moment, momentsOf } from './edge-trace/trace.ts';
import { inVirtualTime } from './edge-trace/virtual-time.ts';
import { type Cause, type Distance, world } from './edge-trace/world.ts';
import { type BenchOptions, report } from './support/report.ts';

const APPS: readonly App[] = [
  { name: 'as its person comes, and after each thing they do', again_ms: null, with_others: false },
  {
    name: 'so, and while they look on (2 min) as others go on talking, at most every 10 s',
    again_ms: null,
    with_others: true,
  },
  { name: 'so, and every 30 s while they look on (2 min)', again_ms: 30_000, with_others: false },
];

/** Redis and the origin side by side, with the deadline of Redis that this takes and the usual one; and Redis alone near. */
const DISTANCES: readonly Distance[] = [
  { redis_ms: 20, origin_ms: 20, redis_deadline_ms: 150 },
  { redis_ms: 80, origin_ms: 80, redis_deadline_ms: 150 },
  { redis_ms: 200, origin_ms: 200, redis_deadline_ms: 400 },
  { redis_ms: 200, origin_ms: 200, redis_deadline_ms: 150 },
  { redis_ms: 20, origin_ms: 80, redis_deadline_ms: 150 },
];

type Tier = 'memory' | 'colo' | 'redis' | 'origin';
const CAUSES: readonly Cause[] = [
  'first',
  'ended',
  'message',
  'click',
  'conversion',
  'dismissal',
  'tenant',
  'else',
];

/** Runs a trace once, from a cold start, in virtual time. */
async function run(moments: readonly Moment[], distance: Distance) {
  const tiers: Record<Tier, number> = { memory: 0, colo: 0, redis: 0, origin: 0 };
  const causes = Object.fromEntries(CAUSES.map((cause) => [cause, 0])) as Record<Cause, number>;
  const [histogram, asked] = [createHistogram({ figures: 3 }), { all: 0, failed: 0, outdated: 0 }];
  const { made, calls } = await inVirtualTime((moments[0] as Moment).at_ms, async (time) => {
    const { ask, post, change, counts } = world({ time, random: seededRandom(1), distance });

    async function take(moment: Moment) {
      if (moment.does === 'change') return change();
      if (moment.does === 'post') return post(moment.user_id, moment.type);
      asked.all++;
      const served = await ask(moment.user_id, moment.placement).catch(() => null);
      if (!served) return void asked.failed++;
      // What was kept and is found to hold has been to Redis.
      const tier = served.how === 'hit' ? served.tier : served.how === 'validated' ? 'redis' : 'origin';
      tiers[tier]++;
      if (tier === 'origin') causes[served.cause]++;
      if (served.outdated) asked.outdated++;
      histogram.record(Math.max(1, Math.round(served.took_ms * 1000)));
    }

    let at = 0;
    const next = () => {
      const moment = moments[at++];
      if (!moment) return;
      void take(moment);
      const following = moments[at];
      if (following) time.at(following.at_ms, next);
    };
    next();
    await time.run();
    return counts();
  });
  if (asked.failed > 0) throw new Error(`${asked.failed} of ${asked.all} questions had no answer`);
  const of = (count: number) => count / asked.all;
  const ms = (percentile: number) => histogram.percentile(percentile) / 1000;
  const figures = {
    asked: asked.all,
    made,
    calls,
    hits: 1 - of(tiers.origin),
    memory: of(tiers.memory),
    colo: of(tiers.colo),
    redis: of(tiers.redis),
    origin: of(tiers.origin),
    outdated: of(asked.outdated),
    p50_ms: ms(50),
    p95_ms: ms(95),
    p99_ms: ms(99),
  };
  const of_misses = Object.fromEntries(CAUSES.map((cause) => [cause, of(causes[cause])]));
  return { figures, causes: { asked: asked.all, misses: of(tiers.origin), ...of_misses } };
}

/**
 * A trace of real moments over the edge's own cache, breakers and policy, in 20 isolates of 5 data centres before one
 * Redis and one origin: where answers come from, and how long they take, at several distances. Simulated are time
 * (it passes only when nobody has anything to do, so that weeks take seconds), the network (a round trip takes what is
 * said), the data centre's cache (3 ms), and the making of an answer (15 ms); what the processors take is not in it.
 */
export async function bench(options: BenchOptions): Promise<void> {
  const all = await happenings(options.events, Date.now());
  const tables: Record<string, Record<string, unknown>[]> = {};
  const why: Record<string, unknown>[] = [];
  for (const app of APPS) {
    const moments = momentsOf(all, app);
    const rows: Record<string, unknown>[] = [];
    for (const [at, distance] of DISTANCES.entries()) {
      const { figures, causes } = await run(moments, distance);
      rows.push({ ...distance, ...figures });
      if (at === 0) why.push({ 'the app asks': app.name, ...causes });
    }
    tables[`${all.length} events; the app asks ${app.name}`] = rows;
  }
  tables['Why the origin was asked, as shares of all questions'] = why;
  await report('edge-trace', tables, options);
}
