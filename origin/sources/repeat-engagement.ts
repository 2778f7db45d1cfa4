import type { Source } from '../pipeline/stages.ts';
import { DAY_MS } from '../tenant/popularity.ts';

/** After so many engagements of theirs, and after so many days, one counts half. */
const HALF_LIFE_ENGAGEMENTS = 12;
const HALF_LIFE_DAYS = 365;

/** What the person was engaged in lately, the last counting most. */
export const repeatEngagement: Source = {
  name: 'repeat_engagement',
  dependency: 'profiles',
  async find({ profile, as_of_ms }) {
    const found = new Map<string, number>();
    profile.engagements.forEach(({ campaign_id, occurred_at }, i) => {
      const age_days = Math.max(0, (as_of_ms - Date.parse(occurred_at)) / DAY_MS);
      const weight = 0.5 ** (i / HALF_LIFE_ENGAGEMENTS + age_days / HALF_LIFE_DAYS);
      found.set(campaign_id, (found.get(campaign_id) ?? 0) + weight);
    });
    return found;
  },
};
