import type { CatalogueEntry } from '#backing/catalogue/port.ts';
import type { Embedder } from '#backing/embedder/port.ts';
import type { CampaignVector } from '#backing/vectors/port.ts';
import type { Campaign } from '#contract/campaign.ts';

/** What the vectors are to keep of each entry. */
export async function campaignVectors(
  entries: readonly CatalogueEntry[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<CampaignVector[]> {
  const kept = entries.flatMap(({ campaign }) => (campaign ? [campaign] : []));
  const embedded = await embedder.embed(kept.map(textOf), signal);
  const vectorOf = new Map(kept.map((campaign, at) => [campaign, embedded[at]]));
  return entries.map(({ tenant_id, campaign_id, version, campaign }): CampaignVector => {
    const vector = campaign && vectorOf.get(campaign);
    const row = { tenant_id, campaign_id, version };
    // Without a direction it is near to nothing; but the vector of its former text has to go.
    return campaign && vector && !saysNothing(vector)
      ? { ...row, campaign, vector }
      : { ...row, campaign: null };
  });
}

/** True of a vector without a direction. */
export function saysNothing(vector: Float32Array): boolean {
  return vector.every((component) => component === 0);
}

function textOf({ title, text, tags }: Campaign): string {
  return [title, text, tags.join(' ')].join('\n');
}
