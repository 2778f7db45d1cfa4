import { embeddersOf } from '#backing/embedder/embedders.ts';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import { groups } from '#contract/topics.ts';
import { embeddingsView } from '../../../ingest/views/embeddings.ts';
import { replay } from '../../../ingest/views/replay.ts';
import type { View } from '../../../ingest/views/view.ts';
import { behind } from '../rebuild/keeping-up.ts';
import { loadArchive } from '../rebuild/load.ts';
import { checkGroupFollows, reachOf } from '../rebuild/reach.ts';
import { checkAlone, embedderOf, type RollingOut } from './rolling-out.ts';

/**
 * Gives all that a tenant's people said, and its campaigns, vectors of a version: from the archive, then from the log up to
 * where it ends now. Every process has to make vectors of that version already, so that none is missing of what comes after.
 * How far it is stands in a group of its own: whatever ends it, it goes on there when it is called again, and
 * all of it again would change nothing. Throws Mendable, HistoryLost, or what a port throws.
 */
export async function fill(on: RollingOut, id: string): Promise<EmbeddingVersion> {
  const { tenant_id, stores, log, archive, progress, say, signal } = on;
  await checkAlone(on);
  const embedder = embedderOf(on, id);
  const view: View = {
    ...embeddingsView({ embedders: embeddersOf({ ...embedder, tenant_id }), vectors: stores.vectors }),
    group: `${groups.embeddings}-${tenant_id}-${id}`,
  };
  const reaches = await reachOf('archive', { log, archive }, signal);
  const total = reaches.reduce((sum, { records }) => sum + records, 0);
  const { refused } = await progress(`${id} from the archive`, total, (at) =>
    loadArchive(view, reaches, { log, archive, signal, at }),
  );
  await checkGroupFollows(view.group, log, signal);
  const refused_of_log = await followLog(view, on);
  const sum = refused + refused_of_log;
  if (sum > 0) say(`${sum} records were not taken, as they were not when they came`);
  return embedder.version;
}

/** Writes what stands on the log now. No epoch is raised, and nothing is a dead letter twice: no answer rests on it. */
async function followLog(view: View, { log, progress, signal }: RollingOut): Promise<number> {
  const failing = new AbortController();
  const { left, done } = await behind(log, view.group, AbortSignal.any([signal, failing.signal]));
  if (left === 0) return 0;
  let refused = 0;
  const consumer = await log.consume({
    group: view.group,
    topics: view.topics,
    max_records: view.max_records,
    async handle({ records, signal: ours }) {
      refused += (await replay(view, records, ours)).refused;
    },
    onError(error, _batch, retry_ms) {
      if (retry_ms === null) failing.abort(error);
    },
  });
  try {
    await progress(`${view.group} from the log`, left, done);
  } catch (error) {
    throw failing.signal.aborted ? failing.signal.reason : error;
  } finally {
    await consumer.stop();
  }
  return refused;
}
