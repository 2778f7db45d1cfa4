import type { Vectors } from '#backing/vectors/port.ts';
import type { Hydrator } from '../pipeline/stages.ts';
import { cluster } from '../rank/cluster.ts';

const INTERESTS = 3;
/** After so many messages of theirs, one counts half. */
const HALF_LIFE_MESSAGES = 4;
/** Those beyond would count under 2 % of the first. */
const MESSAGES = 24;

/** What the person talks about, from the vectors of their newest messages, the last ones counting most. */
export function interestsHydrator(vectors: Vectors): Hydrator {
  return {
    dependency: 'vectors',
    async hydrate(query, signal) {
      const { version } = query;
      const ids = query.profile.messages.slice(0, MESSAGES).map(({ message_id }) => message_id);
      if (ids.length === 0 || !version) return;
      const found = await vectors.messages(version, query.tenant_id, query.request.user_id, ids, signal);
      const points = found.flatMap((vector, i) =>
        vector ? [{ vector, weight: 0.5 ** (i / HALF_LIFE_MESSAGES) }] : [],
      );
      query.interests = cluster(points, INTERESTS);
    },
  };
}
