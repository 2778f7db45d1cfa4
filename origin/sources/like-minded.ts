import { caredAbout } from '../patterns/talk.ts';
import type { Source } from '../pipeline/stages.ts';
import { byTalk } from './by-talk.ts';

const find = byTalk(caredAbout);

/** What those care about who talk as the person does. */
export const likeMinded: Source = {
  name: 'like_minded',
  dependency: 'patterns',
  local: true,
  find: async (query) => find(query),
};
