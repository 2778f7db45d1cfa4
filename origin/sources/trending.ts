import type { Source } from '../pipeline/stages.ts';
import { strengthOf } from '../tenant/popularity.ts';

/** What people engage with just now: a conversation under way draws in who is there. */
export const trending: Source = {
  name: 'trending',
  dependency: 'counters',
  local: true,
  async find({ trend }) {
    const found = new Map<string, number>();
    for (const [campaign_id, value] of trend) {
      if (value > 0) found.set(campaign_id, strengthOf(value));
    }
    return found;
  },
};
