import type { Collections } from './collections.ts';
import type { Connection } from './connection.ts';
import type { IndexSettings } from './schema.ts';

/** What the parts of the store share. */
export type Store = {
  connection: Connection;
  collections: Collections;
  prefix: string;
  index: IndexSettings;
  history_before: string;
  search_consistency: 'strong' | 'bounded';
  search_ms: number;
  write_ms: number;
};
