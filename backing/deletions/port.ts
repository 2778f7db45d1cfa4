import type { ForgettingStore, Forgotten } from '#contract/deletion.ts';

/** A deletion, and where its record stands on the log. */
export type Deletion = Forgotten & { deletion_id: string; partition: number; offset: number };

/** How far a deletion is. `key` is what its person is known by to whoever knows their id. */
export type DeletionProgress = {
  deletion_id: string;
  key: string;
  forgotten_at: string;
  stores: { store: ForgettingStore; done_at: string | null }[];
};

/** How far each deletion is, store by store. Who it is about is told only to those that still have to forget them. */
export interface Deletions {
  /** Notes deletions, of which no store is done. One that is known already stays as it is. */
  register(deletions: readonly Deletion[], signal: AbortSignal): Promise<void>;
  /** Deletions from before a moment that a store is not done with, earliest first. */
  open(store: ForgettingStore, before: string, most: number, signal: AbortSignal): Promise<Deletion[]>;
  /** Notes when a store was done; the first such moment stays. From then on it names nobody. */
  finish(
    store: ForgettingStore,
    deletion_ids: readonly string[],
    done_at: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** How far a tenant's deletion is; null where there is none of that name. */
  read(tenant_id: string, deletion_id: string, signal: AbortSignal): Promise<DeletionProgress | null>;
  /** Since when people are forgotten, of those with these keys that are. */
  since(keys: readonly string[], signal: AbortSignal): Promise<Map<string, string>>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
