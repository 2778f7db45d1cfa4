import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { heldPeople } from '../people.ts';
import type { Hydrator, Interest, Query } from '../pipeline/stages.ts';
import { centre, cluster } from '../rank/cluster.ts';
import { latestSaid, MESSAGES } from '../rank/latest-said.ts';

const INTERESTS = 3;

type Talk = { interests: readonly Interest[]; talk: Float32Array | null };

const VECTOR_BYTES = 200;

function bytesOf({ interests, talk }: Talk): number {
  const all = [...interests.map(({ vector }) => vector), ...(talk ? [talk] : [])];
  return VECTOR_BYTES + all.reduce((sum, { byteLength }) => sum + byteLength + VECTOR_BYTES, 0);
}

/**
 * What the person talks about, from the vectors of their newest messages, the last ones counting most; as last read,
 * where it cannot be read.
 */
export function interestsHydrator(
  vectors: Pick<Vectors, 'messages'>,
  looked?: (hit: boolean) => void,
): Hydrator {
  const held = heldPeople<Talk>(bytesOf, looked);
  const keyOf = ({ id, digest }: EmbeddingVersion, { tenant_id, request: { user_id } }: Query) => [
    ...[tenant_id, user_id],
    ...[id, digest],
  ];
  return {
    dependency: 'vectors',
    async hydrate(query, signal) {
      const { tenant_id, profile, version } = query;
      // What rests on a profile of before does not hold under the epoch of now.
      const epoch = query.degraded.has('profiles') ? 0 : query.user_epoch;
      const { user_id } = query.request;
      const ids = profile.messages.slice(0, MESSAGES).map(({ message_id }) => message_id);
      if (ids.length === 0 || !version) return {};
      const read = async () => {
        const points = latestSaid(await vectors.messages(version, tenant_id, user_id, ids, signal));
        return { interests: cluster(points, INTERESTS), talk: centre(points) };
      };
      return await held.get({ key: keyOf(version, query), epoch }, read);
    },
    nextBest: (query) => (query.version && held.last(keyOf(query.version, query))) ?? {},
  };
}
