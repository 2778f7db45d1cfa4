import { saidAbout } from '../patterns/talk.ts';
import type { Source } from '../pipeline/stages.ts';
import { byTalk } from './by-talk.ts';

const find = byTalk(saidAbout);

/** Campaigns about which people say what the person says. */
export const talkedAbout: Source = {
  name: 'talked_about',
  dependency: 'patterns',
  local: true,
  find: async (query) => find(query),
};
