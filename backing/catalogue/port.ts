import type { Campaign } from '#contract/campaign.ts';

/** A campaign's newest content as it stands on the log. Its version is its offset there. */
export type CatalogueEntry = {
  tenant_id: string;
  campaign_id: string;
  version: number;
  campaign: Campaign | null;
};

/** What there is to recommend. */
export interface Catalogue {
  /** Keeps each entry unless one of the same campaign with that version or a higher one is kept already. */
  put(entries: readonly CatalogueEntry[], signal: AbortSignal): Promise<void>;
  /** A campaign, or null where there is none or it was deleted. */
  get(tenant_id: string, campaign_id: string, signal: AbortSignal): Promise<Campaign | null>;
  /** All campaigns of a tenant, whatever their status. */
  all(tenant_id: string, signal: AbortSignal): Promise<Campaign[]>;
  /** The tenants that have or had campaigns, sorted. */
  tenants(signal: AbortSignal): Promise<string[]>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
