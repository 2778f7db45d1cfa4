import { isOn } from '#contract/campaign.ts';
import type { Source } from '../pipeline/stages.ts';
import { strengthOf } from '../tenant/popularity.ts';

/** What many engage with now, in the locale that is asked for: all that is on, the answer for a new person. */
export const popular: Source = {
  name: 'popular',
  dependency: 'counters',
  local: true,
  async find({ catalogue, popularity, request, now_ms }) {
    const found = new Map<string, number>();
    for (const [campaign_id, campaign] of catalogue) {
      if (isOn(campaign, now_ms)) found.set(campaign_id, strengthOf(popularity(campaign_id, request.locale)));
    }
    return found;
  },
};
