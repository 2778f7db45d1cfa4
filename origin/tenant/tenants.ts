import { LRUCache } from 'lru-cache';
import type { Catalogue } from '#backing/catalogue/port.ts';
import { type Counters, tenOf } from '#backing/counters/port.ts';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import { singleFlight } from '../single-flight.ts';
import { DAY_MS, NOW_WINDOW_MS, type Popularity, popularityOf, trendOf, WINDOW_DAYS } from './popularity.ts';

/** What changes with the tenant's epoch, and the one that it was read under. */
type UnderEpoch = { epoch: number; byId: ReadonlyMap<string, Campaign>; version: EmbeddingVersion };

/** How popular they are by the tenant's clock, and when (wall clock) that was read. */
type Trend = ReadonlyMap<string, number>;
type Counts = { as_of_ms: number; popularity: Popularity; trend: Trend; read_ms: number };

/** What answers need to know of a tenant. `outdated` names what could not be read again in time. */
export type Tenant = {
  campaigns: ReadonlyMap<string, Campaign>;
  /** The embedding version that its answers are made of. */
  version: EmbeddingVersion;
  /** The tenant's clock: the wall clock, or, where history was imported, its newest moment. */
  as_of_ms: number;
  popularity: Popularity;
  /** What goes on just now, by campaign. */
  trend: Trend;
  outdated: readonly string[];
};

/** How many tenants are held in memory. */
const TENANTS = 1000;
/** How long a read may take; those who wait for it give up on their own time. */
const READ_MS = 5_000;
/** Counts older than this are said to be outdated. */
const OUTDATED_MS = 60_000;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/**
 * Tenants as last read, in memory. Campaigns and the embedding version are read again when the tenant's epoch
 * has changed, before an answer is made of them; counts every `refresh_ms`, behind the answers (0: before each). What cannot be read
 * again is given as it was, and said to be outdated.
 */
export function openTenants(options: {
  catalogue: Catalogue;
  counters: Counters;
  versions: Versions;
  /** The version of tenants that were never switched. */
  usual_version: EmbeddingVersion;
  clock: Clock;
  /** Stands for every tenant's clock, where given (ms). */
  now_ms?: number | undefined;
  refresh_ms?: number | undefined;
  /** Told of a read that failed behind the answers. */
  onError(error: unknown): void;
}) {
  const { catalogue, counters, versions, usual_version, clock, now_ms, refresh_ms = 1000, onError } = options;
  const underEpoch = new LRUCache<string, UnderEpoch>({ max: TENANTS });
  const counts = new LRUCache<string, Counts>({ max: TENANTS });
  const epochFlight = singleFlight<UnderEpoch>();
  const countsFlight = singleFlight<Counts>();

  function readUnder(tenant_id: string, epoch: number): Promise<UnderEpoch> {
    return epochFlight(composite(tenant_id, epoch), async () => {
      const signal = AbortSignal.timeout(READ_MS);
      const [all, version] = await Promise.all([
        catalogue.all(tenant_id, signal),
        versions.current(tenant_id, signal),
      ]);
      const byId = new Map(all.map((campaign) => [campaign.campaign_id, campaign]));
      const read = { epoch, byId, version: version ?? usual_version };
      if ((underEpoch.peek(tenant_id)?.epoch ?? 0) <= epoch) underEpoch.set(tenant_id, read);
      return read;
    });
  }

  function readCounts(tenant_id: string): Promise<Counts> {
    return countsFlight(tenant_id, async () => {
      const signal = AbortSignal.timeout(READ_MS);
      const read_ms = clock();
      const imported = await counters.newestImported(tenant_id, signal);
      const as_of_ms = now_ms ?? (imported === null ? read_ms : Date.parse(imported));
      const from_day = dayOf(as_of_ms - WINDOW_DAYS * DAY_MS);
      const daily = await counters.daily(tenant_id, from_day, dayOf(Math.max(as_of_ms, read_ms)), signal);
      const tens = await counters.tens(tenant_id, tenOf(as_of_ms - NOW_WINDOW_MS), tenOf(as_of_ms), signal);
      const popularity = popularityOf(daily, as_of_ms);
      const read = { as_of_ms, popularity, trend: trendOf(tens, as_of_ms), read_ms };
      counts.set(tenant_id, read);
      return read;
    });
  }

  /** The newest there is: what was just read, else what is held. Throws where there is neither. */
  async function orHeld<Value>(reading: Promise<Value>, held: Value | undefined): Promise<Value> {
    if (held === undefined) return reading;
    return reading.catch((error) => {
      onError(error);
      return held;
    });
  }

  async function currentUnder(tenant_id: string, epoch: number): Promise<UnderEpoch> {
    const held = underEpoch.get(tenant_id);
    return held?.epoch === epoch ? held : orHeld(readUnder(tenant_id, epoch), held);
  }

  async function currentCounts(tenant_id: string): Promise<Counts> {
    const held = counts.get(tenant_id);
    if (held && clock() - held.read_ms < refresh_ms) return held;
    const reading = orHeld(readCounts(tenant_id), held);
    return held && refresh_ms > 0 ? held : reading;
  }

  return {
    /** The tenant as of an epoch of it. Throws where it was never read and cannot be. */
    async get(tenant_id: string, epoch: number): Promise<Tenant> {
      const [{ byId, version, epoch: read_epoch }, { as_of_ms, popularity, trend, read_ms }] =
        await Promise.all([currentUnder(tenant_id, epoch), currentCounts(tenant_id)]);
      const outdated = [
        ...(read_epoch === epoch ? [] : ['catalogue']),
        ...(clock() - read_ms > OUTDATED_MS + refresh_ms ? ['counters'] : []),
      ];
      return { campaigns: byId, version, as_of_ms, popularity, trend, outdated };
    },
  };
}
export type Tenants = ReturnType<typeof openTenants>;
