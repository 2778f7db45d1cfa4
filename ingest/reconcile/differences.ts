import type { CatalogueVersion } from '#backing/catalogue/port.ts';
import type { CampaignVersion } from '#backing/vectors/port.ts';

/**
 * What is wrong with a campaign's vector: there is none, it is of an older content, or the campaign was deleted and
 * its vector was not.
 */
export type Kind = 'missing' | 'outdated' | 'superfluous';
/** `version` is the catalogue's. */
export type Difference = { campaign_id: string; version: number; kind: Kind };

/**
 * Where vectors disagree with the catalogue. A vector that is ahead of the catalogue is right: the catalogue is on its
 * way, or is what has to be mended.
 */
export function differences(
  catalogue: readonly CatalogueVersion[],
  vectors: readonly CampaignVersion[],
): Difference[] {
  const stored = new Map(vectors.map((one) => [one.campaign_id, one]));
  return catalogue.flatMap(({ campaign_id, version, deleted }) => {
    const kind = kindOf({ version, deleted }, stored.get(campaign_id));
    return kind ? [{ campaign_id, version, kind }] : [];
  });
}

function kindOf(
  { version, deleted }: Omit<CatalogueVersion, 'campaign_id'>,
  stored: CampaignVersion | undefined,
): Kind | null {
  if (stored && stored.version >= version) return null;
  const hasVector = stored !== undefined && !stored.deleted;
  if (deleted) return hasVector ? 'superfluous' : null;
  return hasVector ? 'outdated' : 'missing';
}
