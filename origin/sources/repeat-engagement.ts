import type { Source } from '../pipeline/stages.ts';
import { engagedLately } from '../rank/engaged-lately.ts';

/** What the person was engaged in lately, the last counting most. */
export const repeatEngagement: Source = {
  name: 'repeat_engagement',
  dependency: 'profiles',
  local: true,
  async find({ profile, as_of_ms }) {
    const dated = profile.engagements.map((e) => [e.campaign_id, Date.parse(e.occurred_at)] as const);
    return engagedLately(dated, as_of_ms);
  },
};
