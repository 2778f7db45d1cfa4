import { LRUCache } from 'lru-cache';
import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { Clock } from '#contract/clock.ts';
import { composite } from '#contract/ids.ts';
import { singleFlight } from '../single-flight.ts';
import { DAY_MS, type Popularity, popularityOf, WINDOW_DAYS } from './popularity.ts';

/** The campaigns of a tenant, and the tenant's epoch that they were read under. */
type Campaigns = { epoch: number; byId: ReadonlyMap<string, Campaign> };

/** How popular they are by the tenant's clock, and when (wall clock) that was read. */
type Counts = { as_of_ms: number; popularity: Popularity; read_ms: number };

/** What answers need to know of a tenant. `outdated` names what could not be read again in time. */
export type Tenant = {
  campaigns: ReadonlyMap<string, Campaign>;
  /** The tenant's clock: the wall clock, or, where history was imported, its newest moment. */
  as_of_ms: number;
  popularity: Popularity;
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
 * Tenants as last read, in memory. Campaigns are read again when the tenant's epoch has changed, before an
 * answer is made of them; counts every `refresh_ms`, behind the answers (0: before each). What cannot be read
 * again is given as it was, and said to be outdated.
 */
export function openTenants(options: {
  catalogue: Catalogue;
  counters: Counters;
  clock: Clock;
  /** Stands for every tenant's clock, where given (ms). */
  now_ms?: number | undefined;
  refresh_ms?: number | undefined;
  /** Told of a read that failed behind the answers. */
  onError(error: unknown): void;
}) {
  const { catalogue, counters, clock, now_ms, refresh_ms = 1000, onError } = options;
  const campaigns = new LRUCache<string, Campaigns>({ max: TENANTS });
  const counts = new LRUCache<string, Counts>({ max: TENANTS });
  const campaignsFlight = singleFlight<Campaigns>();
  const countsFlight = singleFlight<Counts>();

  function readCampaigns(tenant_id: string, epoch: number): Promise<Campaigns> {
    return campaignsFlight(composite(tenant_id, epoch), async () => {
      const all = await catalogue.all(tenant_id, AbortSignal.timeout(READ_MS));
      const read = { epoch, byId: new Map(all.map((campaign) => [campaign.campaign_id, campaign])) };
      if ((campaigns.peek(tenant_id)?.epoch ?? 0) <= epoch) campaigns.set(tenant_id, read);
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
      const read = { as_of_ms, popularity: popularityOf(daily, as_of_ms), read_ms };
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

  async function currentCampaigns(tenant_id: string, epoch: number): Promise<Campaigns> {
    const held = campaigns.get(tenant_id);
    return held?.epoch === epoch ? held : orHeld(readCampaigns(tenant_id, epoch), held);
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
      const [{ byId, epoch: read_epoch }, { as_of_ms, popularity, read_ms }] = await Promise.all([
        currentCampaigns(tenant_id, epoch),
        currentCounts(tenant_id),
      ]);
      const outdated = [
        ...(read_epoch === epoch ? [] : ['catalogue']),
        ...(clock() - read_ms > OUTDATED_MS + refresh_ms ? ['counters'] : []),
      ];
      return { campaigns: byId, as_of_ms, popularity, outdated };
    },
  };
}
export type Tenants = ReturnType<typeof openTenants>;
