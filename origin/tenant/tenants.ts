import type { Catalogue } from '#backing/catalogue/port.ts';
import type { Counters } from '#backing/counters/port.ts';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Models, Placements } from '#backing/versioned/port.ts';
import type { Versions } from '#backing/versions/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import type { Clock } from '#contract/clock.ts';
import { type OwnPlacements, ownPlacements } from '../own-placements.ts';
import { type Counts, countsReader } from './counts.ts';
import { lastRead } from './last-read.ts';

/** What changes with the tenant's epoch. */
export type UnderEpoch = {
  campaigns: ReadonlyMap<string, Campaign>;
  /** The embedding version that the tenant's answers are made of. */
  version: EmbeddingVersion;
  placements: OwnPlacements;
};

/** A part of what is known of a tenant, and how old it is. */
export type Aged<Value> = { value: Value; age_ms: number };

/** How many tenants are held in memory. */
const TENANTS = 1000;
/** Where the tenant's epoch is not known (0), what changes with it is read again once it is so old. */
const UNKNOWN_MS = 1_000;
/** Counts that are so much older than they should be are read again before an answer, and outdated where they cannot be. */
const OUTDATED_MS = 5_000;

/**
 * Tenants as last read, in memory. Campaigns, placements and the embedding version are read again when the tenant's epoch
 * has changed, before an answer is made of them; counts every `refresh_ms`, behind the answers (0: before each). Where
 * something cannot be read again in time its promise rejects, and `last…` gives it as it was, with its age.
 */
export function openTenants(options: {
  catalogue: Pick<Catalogue, 'all'>;
  counters: Pick<Counters, 'daily' | 'tens' | 'newestImported'>;
  versions: Pick<Versions, 'current'>;
  placements: Pick<Placements, 'of'>;
  models: Pick<Models, 'of'>;
  /** The version of tenants that were never switched. */
  usual_version: EmbeddingVersion;
  clock: Clock;
  /** Stands for every tenant's clock, where given (ms). */
  now_ms?: number | undefined;
  refresh_ms?: number | undefined;
  /** Who has waited so long for a read waits no longer. */
  patience_ms: number;
  /** Told of a read that failed. */
  onError(error: unknown): void;
}) {
  const {
    catalogue,
    counters,
    versions,
    placements,
    models,
    usual_version,
    clock,
    now_ms,
    refresh_ms = 1000,
  } = options;
  const { patience_ms, onError } = options;
  const means = { most: TENANTS, clock, patience_ms, onError };
  const underEpoch = lastRead<UnderEpoch>(means);
  const counted = lastRead<Counts>(means);
  const readCounts = countsReader({ counters, clock, now_ms, afresh: refresh_ms === 0, tenants: TENANTS });

  async function readPlacements(tenant_id: string, signal: AbortSignal): Promise<OwnPlacements> {
    const rows = await placements.of(tenant_id, { serving: true }, signal);
    const names = rows.some(({ content: { model } }) => model !== null);
    return ownPlacements(rows, names ? await models.of(tenant_id, { serving: true }, signal) : []);
  }

  async function readUnder(tenant_id: string, signal: AbortSignal): Promise<UnderEpoch> {
    const [all, version, own] = await Promise.all([
      catalogue.all(tenant_id, signal),
      versions.current(tenant_id, signal),
      readPlacements(tenant_id, signal),
    ]);
    const campaigns = new Map(all.map((campaign) => [campaign.campaign_id, campaign]));
    return { campaigns, version: version ?? usual_version, placements: own };
  }

  const aged = <Value>(last: { value: Value; read_ms: number } | null): Aged<Value> | null =>
    last && { value: last.value, age_ms: clock() - last.read_ms };

  return {
    /** The campaigns, the embedding version and the placements as of an epoch of the tenant, or of a later one. */
    async underEpoch(tenant_id: string, epoch: number, signal: AbortSignal): Promise<UnderEpoch> {
      const { value } = await underEpoch.get(tenant_id, epoch, {
        read: (s) => readUnder(tenant_id, s),
        standing(last) {
          if (epoch === 0) return clock() - last.read_ms < UNKNOWN_MS ? 'fresh' : 'first';
          return last.epoch === epoch ? 'fresh' : 'first';
        },
        signal,
      });
      return value;
    },
    lastUnderEpoch: (tenant_id: string) => aged(underEpoch.last(tenant_id)),
    /** The counts, no older than they may be. */
    async counts(tenant_id: string, signal: AbortSignal): Promise<Counts> {
      const { value } = await counted.get(tenant_id, 0, {
        read: (s) => readCounts(tenant_id, s),
        standing({ read_ms }) {
          const age_ms = clock() - read_ms;
          // A clock that was turned back tells no age.
          if (refresh_ms === 0 || age_ms < 0) return 'first';
          if (age_ms < refresh_ms) return 'fresh';
          return age_ms < OUTDATED_MS + refresh_ms ? 'behind' : 'first';
        },
        signal,
      });
      return value;
    },
    lastCounts: (tenant_id: string) => aged(counted.last(tenant_id)),
  };
}
export type Tenants = ReturnType<typeof openTenants>;
