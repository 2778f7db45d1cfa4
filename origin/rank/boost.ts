import type { Campaign } from '#contract/campaign.ts';
import type { PlacementContent } from '#contract/placement.ts';

/** What multiplies a campaign's score: its own boost, and those that the placement gives its tags. */
export function boostOf({ boost, tags }: Campaign, boosts: PlacementContent['boosts']): number {
  return boosts.reduce(
    (product, { tag, factor }) => (tags.includes(tag) ? product * factor : product),
    boost,
  );
}
