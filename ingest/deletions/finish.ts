import type { Deletion, Deletions } from '#backing/deletions/port.ts';
import type { Log } from '#backing/log/port.ts';
import { LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import type { ForgettingStore } from '#contract/deletion.ts';
import { answeringGroups, groups, topics } from '#contract/topics.ts';
import type { View } from '../views/view.ts';

/** How many deletions are finished at once, of each store. */
const SOME = 500;

type Options = {
  views: readonly View[];
  deletions: Deletions;
  log: Log;
  clock: Clock;
  /** How long after a deletion nobody can still be writing what they had read before it. */
  settle_ms: number;
};

/**
 * Forgets people once more in each of these views, when it has read of their deletion and whatever was being written
 * then is over, and notes that it is done. What a view had not written by then it wrote knowing of the deletion.
 * Rejects with what a port rejects with; what was noted until then stays.
 */
export async function finishDeletions(
  { views, deletions, log, clock, settle_ms }: Options,
  signal: AbortSignal,
): Promise<void> {
  const before = (ms: number) => new Date(clock() - ms).toISOString();
  const done = (store: ForgettingStore, some: readonly Deletion[]) => {
    const ids = some.map(({ deletion_id }) => deletion_id);
    return deletions.finish(store, ids, new Date(clock()).toISOString(), signal);
  };

  for (const view of views) {
    const store = view.group as ForgettingStore;
    // What a view holds back, it may not have written for as long.
    const open = await deletions.open(store, before(settle_ms + 2 * (view.linger_ms ?? 0)), SOME, signal);
    if (open.length === 0) continue;
    const committed = await log.committed(view.group, topics.events, signal);
    const read = open.filter(({ partition, offset }) => (committed[partition] ?? 0) > offset);
    if (read.length === 0) continue;
    await view.forget(read, signal);
    await done(store, read);
  }

  if (!views.some(({ group }) => group === groups.counters)) return;
  // Told to the dead letters before the deletion was on the log.
  const letters = await deletions.open('dead_letters', before(settle_ms), SOME, signal);
  if (letters.length > 0) await done('dead_letters', letters);
  const ended = [];
  for (const one of await deletions.open('answers', before(LONGEST_MS), SOME, signal))
    if (await answersEnded(one)) ended.push(one);
  if (ended.length > 0) await done('answers', ended);

  /** An answer that was made before the views had forgotten them has ended by now. */
  async function answersEnded({ tenant_id, deletion_id }: Deletion): Promise<boolean> {
    const found = await deletions.read(tenant_id, deletion_id, signal);
    const stores = (found?.stores ?? []).filter(({ store }) => (answeringGroups as string[]).includes(store));
    return stores.every(({ done_at }) => done_at !== null && done_at < before(LONGEST_MS));
  }
}
