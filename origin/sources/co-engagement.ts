import { follow, TOGETHER } from '../patterns/follow.ts';
import type { Source } from '../pipeline/stages.ts';
import { fromSlots, latestSlots } from './from-slots.ts';

/** What goes with the campaigns that the person engaged with, the latest counting most. */
export const coEngagement: Source = {
  name: 'co_engagement',
  dependency: 'patterns',
  local: true,
  async find(query) {
    const { patterns } = query;
    if (!patterns) return new Map();
    return fromSlots(
      follow(patterns.together, latestSlots(query, TOGETHER.most), TOGETHER),
      patterns.campaigns,
    );
  },
};
