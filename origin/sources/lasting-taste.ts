import { EVER, follow } from '../patterns/follow.ts';
import type { Source } from '../pipeline/stages.ts';
import { fromSlots } from './from-slots.ts';

/** What goes with all that the person ever engaged with, whenever that was: for tenants whose people's tastes do not change. */
export const lastingTaste: Source = {
  name: 'lasting_taste',
  dependency: 'patterns',
  local: true,
  async find({ patterns, profile }) {
    if (!patterns) return new Map();
    const slots = [...profile.engaged.keys()].flatMap((campaign_id) => patterns.slots.get(campaign_id) ?? []);
    return fromSlots(follow(patterns.together, slots, EVER), patterns.campaigns);
  },
};
