import type { Clock } from '#contract/clock.ts';
import type { Report } from '../http/report.ts';
import { campaignsIn } from './milvus/campaigns.ts';
import { collectionsOf } from './milvus/collections.ts';
import { connect, type MilvusAddress } from './milvus/connection.ts';
import { dropVersionCollections } from './milvus/drop-old.ts';
import { dumpOf } from './milvus/dump.ts';
import { messagesIn } from './milvus/messages.ts';
import type { IndexSettings } from './milvus/schema.ts';
import type { Store } from './milvus/store.ts';
import type { Vectors } from './port.ts';

export type MilvusSettings = MilvusAddress & {
  /** What every name of a collection begins with: letters, digits and underscores. */
  prefix: string;
  /**
   * A month, such as 2026-01. Messages that occurred before it share one collection per embedding version; those
   * since have one per month, to be dropped whole. It may be moved: what was written stays where it is, and is read.
   */
  history_before: string;
  clock: Clock;
  report: Report;
  /** HNSW where nothing is said. Holds for collections that are made from now on. */
  index?: IndexSettings;
  /** How many physical partitions a collection's tenants are spread over. */
  partitions?: number;
  /** Searches that are bounded may miss what was put in the last seconds, and wait for nothing. */
  search_consistency?: 'strong' | 'bounded';
  connect_ms?: number;
  search_ms?: number;
  write_ms?: number;
  /** How long it may take to make a collection, or to load it into the server's memory. */
  create_ms?: number;
  /** How long a collection that another process made may stay unseen by searches. */
  listing_ms?: number;
};

/**
 * Vectors in Milvus. Every method also rejects with VectorsUnavailable, which has a code. A put that rejects may
 * have been done in part; put again, it ends the same. Rejects where Milvus cannot be reached.
 */
export async function openMilvusVectors(
  settings: MilvusSettings,
): Promise<Vectors & { close(): Promise<void> }> {
  const { prefix, history_before, clock, report } = settings;
  if (!/^[A-Za-z_]\w{0,63}$/.test(prefix)) throw new RangeError(`${prefix} is no prefix of a collection`);
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(history_before)) throw new RangeError(`${history_before} is no month`);
  const { index = { type: 'HNSW' }, partitions = 16, search_consistency = 'strong' } = settings;
  const { connect_ms = 5_000, search_ms = 2_000, write_ms = 30_000, create_ms = 60_000 } = settings;
  const { listing_ms = 10_000 } = settings;
  const connection = await connect(settings, { report, connect_ms });
  const collections = collectionsOf({
    connection,
    prefix,
    index,
    partitions,
    listing_ms,
    create_ms,
    clock,
  });
  const store: Store = {
    connection,
    collections,
    prefix,
    index,
    history_before,
    search_consistency,
    search_ms,
    write_ms,
  };
  return {
    ...messagesIn(store),
    ...campaignsIn(store),
    async dropVersion(id, signal) {
      signal.throwIfAborted();
      await collections.using(() => dropVersionCollections(store, id, signal));
    },
    dump: () => dumpOf(store),
    close: () => connection.close(),
  };
}
