import { LRUCache } from 'lru-cache';
import { type Counters, tenOf } from '#backing/counters/port.ts';
import type { Clock } from '#contract/clock.ts';
import { type Met, metOf } from './met.ts';
import {
  DAY_MS,
  type Decayed,
  decayed,
  NOW_WINDOW_MS,
  type Popularity,
  popularityOf,
  trendOf,
  WINDOW_DAYS,
} from './popularity.ts';

/** How popular campaigns are by the tenant's clock: the wall clock, or, where history was imported, its newest moment. */
export type Counts = Met & {
  as_of_ms: number;
  popularity: Popularity;
  /** How strongly each campaign that goes on just now does. */
  trend: ReadonlyMap<string, number>;
};

/** What the days before a day came to, when they were read. */
type Before = { day: string; read_ms: number; worth: Decayed; met: Met['met'] };

/** The days before yesterday are nearly all that there is to read, and hardly change: they are read again so often. */
const BEFORE_MS = 60_000;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** Reads a tenant's counts as they are now: of yesterday and today each time, of the days before no older than a minute. */
export function countsReader(options: {
  counters: Pick<Counters, 'daily' | 'tens' | 'newestImported'>;
  clock: Clock;
  /** Stands for every tenant's clock, where given (ms). */
  now_ms?: number | undefined;
  /** True where all days are read each time. */
  afresh: boolean;
  /** Of how many tenants the days before are held. */
  tenants: number;
}): (tenant_id: string, signal: AbortSignal) => Promise<Counts> {
  const { counters, clock, now_ms, afresh } = options;
  const held = new LRUCache<string, Before>({ max: options.tenants });

  async function readBefore(tenant_id: string, as_of_ms: number, day: string, signal: AbortSignal) {
    const read_ms = clock();
    const known = held.get(tenant_id);
    const age_ms = known ? read_ms - known.read_ms : Number.NaN;
    if (!afresh && known?.day === day && age_ms >= 0 && age_ms < BEFORE_MS) return known;
    const [from, to] = [dayOf(as_of_ms - WINDOW_DAYS * DAY_MS), dayOf(Date.parse(day) - DAY_MS)];
    const counts = await counters.daily(tenant_id, from, to, signal);
    const before = { day, read_ms, worth: decayed(counts, as_of_ms), met: metOf(counts, day).met };
    held.set(tenant_id, before);
    return before;
  }

  return async (tenant_id, signal) => {
    const read_ms = clock();
    const imported = await counters.newestImported(tenant_id, signal);
    const as_of_ms = now_ms ?? (imported === null ? read_ms : Date.parse(imported));
    const [yesterday, last] = [dayOf(as_of_ms - DAY_MS), dayOf(Math.max(as_of_ms, read_ms))];
    const [before, lately, tens] = await Promise.all([
      readBefore(tenant_id, as_of_ms, yesterday, signal),
      counters.daily(tenant_id, yesterday, last, signal),
      counters.tens(tenant_id, tenOf(as_of_ms - NOW_WINDOW_MS), tenOf(as_of_ms), signal),
    ]);
    return {
      as_of_ms,
      popularity: popularityOf([before.worth, decayed(lately, as_of_ms)], as_of_ms),
      trend: trendOf(tens, as_of_ms),
      ...metOf(lately, dayOf(as_of_ms), before.met),
    };
  };
}
