import type { Answers } from '#backing/answers/port.ts';
import type { Catalogue } from '#backing/catalogue/port.ts';
import { type Embedders, isFor } from '#backing/embedder/embedders.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import { partitionOf } from '#backing/log/partition.ts';
import type { Log } from '#backing/log/port.ts';
import { RecordRefused } from '#backing/record-refused.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import { campaignVectors } from '../views/campaign-vectors.ts';
import { type Difference, differences, type Kind } from './differences.ts';

/** How many campaigns are compared at once, and how many are embedded and written at once. */
const [PAGE, BATCH] = [500, 100];
const TENANTS_AT_ONCE = 4;
/** Longer than any store waits before it gives up by itself. */
const PAGE_MS = 120_000;
/** So many tenants that fail one after the other, and a turn is given up: it is a store that fails, not they. */
const MOST_FAILURES = 8;

/** Vectors that a group keeps up, for as long as `keptUp` says so: one that is taken away must not be written to. */
export type KeptUp = { group: string; vectors: Vectors; keptUp(): boolean };

export type Repair = { tenant_id: string; embedding: string; group: string; repaired: Record<Kind, number> };

export type ReconcileOptions = {
  catalogue: Catalogue;
  stores: readonly KeptUp[];
  embedders: Embedders;
  log: Pick<Log, 'committed'>;
  answers: Pick<Answers, 'raise'>;
  /** Tenants whose epoch is still to be raised: kept from turn to turn, so that a raise that failed is made up for. */
  owed: Set<string>;
  /** Told of each batch, once it is written. */
  onRepair(repair: Repair): void;
  /** Told of what fails; the others go on. */
  onError(error: unknown): void;
};

/**
 * Compares the campaign vectors of every tenant, every store that is kept up and every embedder with the catalogue, and
 * mends what differs, then raises the tenant's epoch. Only what the store's group has handled by its own account can be
 * wrong: the rest is on its way. Writes nothing where nothing differs. Rejects where a store cannot be asked at all,
 * or too many tenants in a row fail; what was mended until then stays, and another turn does the rest.
 */
export async function reconcile(options: ReconcileOptions, signal: AbortSignal): Promise<void> {
  const { catalogue, stores, embedders, log, answers, owed, onError } = options;
  if (owed.size > 0) await raise([...owed]);
  const committed = new Map<string, readonly number[]>();
  for (const { group } of stores) {
    const asked = AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
    committed.set(group, await log.committed(group, topics.campaigns, asked));
  }
  const tenants = (await catalogue.tenants(AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]))).values();
  let failures = 0;

  async function work(): Promise<void> {
    for (const tenant_id of tenants) {
      try {
        await ofTenant(tenant_id);
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        failures++;
        if (failures >= MOST_FAILURES) throw error;
        onError(error);
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: TENANTS_AT_ONCE }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;

  async function ofTenant(tenant_id: string): Promise<void> {
    for (let after: string | null = ''; after !== null; ) {
      const page = await catalogue.versions(tenant_id, after, PAGE, within());
      const ids = page.map(({ campaign_id }) => campaign_id);
      const failed: unknown[] = [];
      for (const store of stores) {
        for (const embedder of page.length > 0 ? embedders.all : []) {
          if (!isFor(embedder, tenant_id)) continue;
          try {
            const there = await store.vectors.campaignVersions(embedder.version, tenant_id, ids, within());
            const wrong = differences(page, there).filter((one) => isHandled(store, tenant_id, one));
            for (let at = 0; at < wrong.length; at += BATCH)
              await mend(wrong.slice(at, at + BATCH), { tenant_id, store, embedder });
          } catch (error) {
            signal.throwIfAborted();
            failed.push(error);
          }
        }
      }
      if (owed.has(tenant_id)) await raise([tenant_id]);
      if (failed.length > 0) throw failed[0];
      after = page.length < PAGE ? null : (ids.at(-1) ?? null);
    }
  }

  /** Versions are offsets, so the group's own position says whether it has written them. */
  function isHandled({ group }: KeptUp, tenant_id: string, { campaign_id, version }: Difference): boolean {
    const offsets = committed.get(group) ?? [];
    const partition = offsets.length > 0 ? partitionOf(composite(tenant_id, campaign_id), offsets.length) : 0;
    return version < (offsets[partition] ?? 0);
  }

  type Of = { tenant_id: string; store: KeptUp; embedder: Embedder };

  /** What the catalogue has replaced meanwhile is the view's to write. One that is refused for good costs the others nothing. */
  async function mend(wrong: readonly Difference[], of: Of): Promise<void> {
    const { tenant_id, store, embedder } = of;
    const ids = wrong.map(({ campaign_id }) => campaign_id);
    const kept = await catalogue.entries(tenant_id, ids, within());
    const byId = new Map(kept.map((entry) => [entry.campaign_id, entry]));
    const mended = wrong.filter(({ campaign_id, version }) => byId.get(campaign_id)?.version === version);
    if (mended.length === 0) return;
    try {
      const entries = mended.flatMap(({ campaign_id }) => byId.get(campaign_id) ?? []);
      const rows = await campaignVectors(entries, embedder, within());
      if (!store.keptUp()) return;
      await store.vectors.putCampaigns(embedder.version, rows, within()).catch((error) => {
        // It may have been done all the same, and then the next turn finds nothing to mend.
        if (error?.retryable !== false) owed.add(tenant_id);
        throw error;
      });
      owed.add(tenant_id);
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error;
      if (mended.length === 1) return onError(error);
      const middle = Math.ceil(mended.length / 2);
      await mend(mended.slice(0, middle), of);
      return mend(mended.slice(middle), of);
    }
    const repaired = { missing: 0, outdated: 0, superfluous: 0 };
    for (const { kind } of mended) repaired[kind]++;
    options.onRepair({ tenant_id, embedding: embedder.version.id, group: store.group, repaired });
  }

  async function raise(tenant_ids: readonly string[]): Promise<void> {
    await answers.raise(
      tenant_ids.map((tenant_id) => ({ tenant_id, user_id: null })),
      within(),
    );
    for (const tenant_id of tenant_ids) owed.delete(tenant_id);
  }

  function within(): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
  }
}
