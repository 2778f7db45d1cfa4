import { FORGETTING_STORES, type ForgettingStore } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import type { DeletionProgress } from './port.ts';

/** A store of a deletion as it is kept, in either database. */
export type Row = {
  deletion_id: string;
  store: ForgettingStore;
  tenant_id: string;
  key: string;
  user_id: string | null;
  forgotten_at: string;
  partition: number;
  log_offset: number;
  done_at: string | null;
};

/** A deletion of its rows; null where there is none. Its stores are in the order that the contract has them. */
export function progressOf(rows: readonly Row[]): DeletionProgress | null {
  const [first] = rows;
  if (!first) return null;
  const { deletion_id, key, forgotten_at } = first;
  const done = new Map(rows.map(({ store, done_at }) => [store, done_at]));
  const stores = FORGETTING_STORES.filter((store) => done.has(store)).map((store) => ({
    store,
    done_at: done.get(store) ?? null,
  }));
  return { deletion_id, key, forgotten_at, stores };
}

export function lineOf(row: Row): string {
  const { deletion_id, store, tenant_id, key, user_id, forgotten_at, partition, log_offset, done_at } = row;
  const place = [partition, Number(log_offset)];
  return `${composite('deletion', deletion_id, store)} ${JSON.stringify([tenant_id, key, user_id, forgotten_at, place, done_at])}`;
}
