import type { Source } from '../pipeline/stages.ts';

/** What people engage with just now: a conversation under way draws in who is there. */
export const trending: Source = {
  name: 'trending',
  dependency: 'counters',
  local: true,
  find: async ({ trend }) => trend,
};
