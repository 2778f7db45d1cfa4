import type { Vectors } from '#backing/vectors/port.ts';
import type { Found, Interest, Query } from '../pipeline/stages.ts';

/** How many campaigns are asked for, for each vector. */
const NEAREST = 100;

/**
 * Campaigns by how like the vectors their text is, each vector counting by its share. Squared, since between
 * texts of any kind there is some likeness, which says nothing.
 */
export async function near(
  vectors: Pick<Vectors, 'nearestCampaigns'>,
  interests: readonly Interest[],
  { tenant_id, version, request, now_ms }: Query,
  signal: AbortSignal,
): Promise<Found> {
  const found = new Map<string, number>();
  if (interests.length === 0 || !version) return found;
  const hits = await vectors.nearestCampaigns(
    {
      tenant_id,
      version,
      vectors: interests.map(({ vector }) => vector),
      k: NEAREST,
      on_at_ms: now_ms,
      locale: request.locale,
    },
    signal,
  );
  interests.forEach(({ share }, i) => {
    for (const { campaign_id, similarity } of hits[i] ?? []) {
      found.set(campaign_id, (found.get(campaign_id) ?? 0) + share * Math.max(0, similarity));
    }
  });
  for (const [campaign_id, strength] of found) found.set(campaign_id, strength ** 2);
  return found;
}
