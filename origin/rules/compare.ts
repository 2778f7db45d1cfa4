import type { Stages } from '../pipeline/stages.ts';

/** Tells, by placement, which share of what is answered a shadow would have answered as well. */
export function openComparison(agreed: (placement: string, share: number) => void): Stages['compare'] {
  return (selected, shadow, { placement }) => {
    if (selected.length === 0) return;
    const theirs = new Set(shadow.map(({ campaign_id }) => campaign_id));
    const both = selected.filter(({ campaign_id }) => theirs.has(campaign_id)).length;
    agreed(placement.name, both / selected.length);
  };
}
