import type { Keys } from '../folder/keys.ts';
import type { Standing } from '../stack/standing.ts';

/** So that nobody waits for minutes until the archive has it all. */
export const ARCHIVE_LINGER_MS = 1_000;

/** A store of a view. */
export type Dumped = { dump(): AsyncIterable<string> };

/** Gateway and views on some stores. */
export type Side = {
  /** What it stands on, for who reads along. */
  name: string;
  keys: Keys;
  gateway_url: string;
  stores: Readonly<Record<string, unknown>>;
  standing(signal: AbortSignal): Promise<Standing>;
  /** Resolves once the archive, which lags behind the others, has all that stood on the log. */
  archived(signal: AbortSignal): Promise<void>;
  /** Ends all that runs; nothing is removed. */
  close(): Promise<void>;
  /** Takes away all that was made outside of its folder, once it is closed. */
  remove(): Promise<void>;
};

/** The store of that name; none is a mistake of ours. */
export function storeOf({ name, stores }: Side, view: string): Dumped {
  const store = stores[view] as Partial<Dumped> | undefined;
  if (typeof store?.dump === 'function') return store as Dumped;
  throw new Error(`${name} has no store ${view}`);
}
