import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import { composite } from '#contract/ids.ts';
import { heldPeople } from '../people.ts';
import type { Hydrator, Interest, Query } from '../pipeline/stages.ts';
import { centre, cluster } from '../rank/cluster.ts';
import { latestSaid, MESSAGES } from '../rank/latest-said.ts';

const INTERESTS = 3;
/** For so long the same messages have the same vectors, whatever else the person did: those give way to a twin's, but hardly ever. */
const SAME_MS = 60_000;

type Talk = { interests: readonly Interest[]; talk: Float32Array | null };

/** What was read, when, and of which messages; null where some had no vector yet. */
type Read = { talk: Talk; read_ms: number; of: string | null };

const VECTOR_BYTES = 200;

function bytesOf({ talk: { interests, talk }, of }: Read): number {
  const all = [...interests.map(({ vector }) => vector), ...(talk ? [talk] : [])];
  const vectors = all.reduce((sum, { byteLength }) => sum + byteLength + VECTOR_BYTES, 0);
  return VECTOR_BYTES + vectors + 2 * (of?.length ?? 0);
}

/**
 * What the person talks about, from the vectors of their newest messages, the last ones counting most; as last read,
 * where it cannot be read. It is read again where their messages have changed, not with each thing they do.
 */
export function interestsHydrator(
  vectors: Pick<Vectors, 'messages'>,
  looked?: (hit: boolean) => void,
): Hydrator {
  const held = heldPeople<Read>(bytesOf, looked);
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
      const [key, of] = [keyOf(version, query), composite(...ids)];
      const read = async (): Promise<Read> => {
        const before = held.last(key);
        if (before?.of === of && query.now_ms < before.read_ms + SAME_MS) return before;
        const found = await vectors.messages(version, tenant_id, user_id, ids, signal);
        const points = latestSaid(found);
        return {
          talk: { interests: cluster(points, INTERESTS), talk: centre(points) },
          read_ms: query.now_ms,
          of: found.includes(null) ? null : of,
        };
      };
      return (await held.get({ key, epoch }, read)).talk;
    },
    nextBest: (query) => (query.version && held.last(keyOf(query.version, query))?.talk) ?? {},
  };
}
