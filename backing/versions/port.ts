import type { EmbeddingVersion } from '../embedder/port.ts';

/** A switch of a tenant's embedding version; `from` is null where the tenant was never switched. */
type Switch = { tenant_id: string; from: EmbeddingVersion | null; to: EmbeddingVersion };

/** Which embedding version answers are made of: a row a tenant, the only switch. */
export interface Versions {
  /** A tenant's current embedding version, null where it was never switched: then it is the configured one. */
  current(tenant_id: string, signal: AbortSignal): Promise<EmbeddingVersion | null>;
  /**
   * Writes the row if it is as `from` says, or as `to` says already, since a switch may be repeated. True where it is
   * as `to` says then. Whoever switches raises the tenant's epoch afterwards.
   */
  switch(change: Switch, signal: AbortSignal): Promise<boolean>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
