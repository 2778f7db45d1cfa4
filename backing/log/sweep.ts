import { setImmediate as others } from 'node:timers/promises';
import type { Clock } from '#contract/clock.ts';
import type { Group } from './group.ts';
import { keptMs } from './kept.ts';
import { PARTITIONS, type Store } from './store.ts';
import { TOPICS } from './topic.ts';

/** How many records a transaction takes away. */
const SOME = 1_000;

export type Sweeping = {
  store: Store;
  groups(): readonly Group[];
  clock: Clock;
  kept_ms: number;
  signal: AbortSignal;
};

/**
 * Takes away what has been on the log for longer than its topic is kept, some records at a time, letting others have
 * their turn in between; but nothing that a group with members has yet to be handed. Throws LogUnavailable, or the
 * signal's reason.
 */
export async function sweep({ store, groups, clock, kept_ms, signal }: Sweeping): Promise<void> {
  let swept = 0;
  for (const topic of TOPICS) {
    const kept = keptMs(topic, kept_ms);
    if (kept === null) continue;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const since = store.since(topic, partition, clock() - kept);
      for (let taken = SOME; taken === SOME; swept += taken) {
        const held = groups().flatMap((group) => group.committed(topic, partition) ?? []);
        taken = store.removeBefore({ topic, partition, offset: Math.min(since, ...held) }, SOME);
        await others();
        signal.throwIfAborted();
      }
    }
  }
  if (swept > 0) store.scrub();
}
