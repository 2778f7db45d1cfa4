import { follow, NEXT } from '../patterns/follow.ts';
import type { Source } from '../pipeline/stages.ts';
import { fromSlots, latestSlots } from './from-slots.ts';

/** What people go on to from the campaigns that the person engaged with last. */
export const nextCampaigns: Source = {
  name: 'next_campaigns',
  dependency: 'patterns',
  local: true,
  async find(query) {
    const { patterns } = query;
    if (!patterns) return new Map();
    return fromSlots(follow(patterns.next, latestSlots(query, NEXT.most), NEXT), patterns.campaigns);
  },
};
