import type { Vectors } from '#backing/vectors/port.ts';
import type { Source } from '../pipeline/stages.ts';
import { DAY_MS } from '../tenant/popularity.ts';

/** How many messages vote. */
const NEIGHBOURS = 100;
/** After so many days a message's vote counts half. */
const HALF_LIFE_DAYS = 365;
/** Before all that a contract's moment can say. */
const EVER = '0000-01-01T00:00:00.000Z';

/**
 * What others' messages are about that are like the person's: each votes by the square of its likeness and by its age. A
 * search among messages finds what was said a second ago, and costs one for each answer.
 */
export function similarConversations(vectors: Pick<Vectors, 'nearestMessages'>): Source {
  return {
    name: 'similar_conversations',
    dependency: 'vectors',
    async find({ tenant_id, version, request, talk, as_of_ms }, signal) {
      const found = new Map<string, number>();
      if (!talk || !version) return found;
      const before = new Date(as_of_ms + 1).toISOString();
      const search = { tenant_id, version, vectors: [talk], k: NEIGHBOURS, about_campaigns: true };
      const [hits = []] = await vectors.nearestMessages({ ...search, from: EVER, before }, signal);
      for (const { user_id, campaign_id, occurred_at, similarity } of hits) {
        if (campaign_id === null || user_id === request.user_id || similarity <= 0) continue;
        const age_days = Math.max(0, (as_of_ms - Date.parse(occurred_at)) / DAY_MS);
        const vote = similarity ** 2 * 0.5 ** (age_days / HALF_LIFE_DAYS);
        found.set(campaign_id, (found.get(campaign_id) ?? 0) + vote);
      }
      return found;
    },
  };
}
