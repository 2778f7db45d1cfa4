import type { Campaign } from '#contract/campaign.ts';

/** A campaign's newest content as it stands on the log. Its version is its offset there. */
export type CatalogueEntry = {
  tenant_id: string;
  campaign_id: string;
  version: number;
  campaign: Campaign | null;
};

/** Which content of a campaign is kept, without the content. */
export type CatalogueVersion = { campaign_id: string; version: number; deleted: boolean };

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
  /** The versions of a tenant's campaigns, deleted ones too, by id: up to `limit` of those after an id, or after ''. */
  versions(tenant_id: string, after: string, limit: number, signal: AbortSignal): Promise<CatalogueVersion[]>;
  /** What is kept of these campaigns, deleted ones too, in no order; who never was is left out. */
  entries(tenant_id: string, campaign_ids: readonly string[], signal: AbortSignal): Promise<CatalogueEntry[]>;
  /** The whole state as sorted lines: equal states give equal lines, whichever adapter holds them. */
  dump(): AsyncIterable<string>;
}
