import type { Archive } from '#backing/archive/port.ts';
import type { Log } from '#backing/log/port.ts';
import { composite } from '#contract/ids.ts';
import { viewTopics } from '#contract/topics.ts';

/** What a view is made of is not all there any more. The message says what is missing, and what to do. */
class HistoryLost extends Error {
  readonly code = 'history_lost';
  readonly retryable = false;
}

/** A partition: up to where the archive has it, and how many records that is. Without an archive that is none. */
export type Reach = { topic: string; partition: number; archived_to: number; records: number };

/**
 * How far the archive goes, for every partition that views are made of; with `from` the log it is not asked. Throws
 * HistoryLost where neither it nor the log has a partition from its beginning on.
 */
export async function reachOf(
  from: 'archive' | 'log',
  { log, archive }: { log: Log; archive: Archive },
  signal: AbortSignal,
): Promise<Reach[]> {
  const archived = new Map<string, Reach>();
  if (from === 'archive') {
    for await (const { topic, partition } of archive.partitions(signal)) {
      const reach: Reach = { topic, partition, archived_to: 0, records: 0 };
      for await (const entry of archive.entries({ topic, partition }, signal)) {
        if (entry.since > 0)
          throw new HistoryLost(
            `The archive of ${topic}/${partition} begins at ${entry.since}: what came before it is nowhere any more`,
          );
        reach.archived_to = entry.next_offset;
        reach.records += entry.files.reduce((sum, { rows }) => sum + rows, 0);
      }
      archived.set(composite(topic, partition), reach);
    }
  }
  const all: Reach[] = [];
  for (const topic of viewTopics) {
    for (const partition of (await log.starts(topic, signal)).keys()) {
      const none = { topic, partition, archived_to: 0, records: 0 };
      all.push(archived.get(composite(topic, partition)) ?? none);
    }
  }
  await checkFollows(
    all.map(({ archived_to, ...where }) => ({ ...where, offset: archived_to })),
    log,
    signal,
  );
  return all;
}

/** Throws HistoryLost where the log no longer has what comes after the position of a group. */
export async function checkGroupFollows(group: string, log: Log, signal: AbortSignal): Promise<void> {
  for (const topic of viewTopics) {
    const committed = await log.committed(group, topic, signal);
    const places = committed.map((offset, partition) => ({ topic, partition, offset }));
    await checkFollows(places, log, signal);
  }
}

/** Throws HistoryLost where the log no longer has what comes after one of these places. */
export async function checkFollows(
  places: readonly { topic: string; partition: number; offset: number }[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (const topic of new Set(places.map((place) => place.topic))) {
    const starts = await log.starts(topic, signal);
    for (const { partition, offset } of places.filter((place) => place.topic === topic)) {
      const start = starts[partition] ?? 0;
      if (start <= offset) continue;
      throw new HistoryLost(
        offset === 0
          ? `The log of ${topic}/${partition} begins at ${start}, and no archive has what came before: take --from archive where there is one`
          : `The log of ${topic}/${partition} begins at ${start}, but has to go on from ${offset}: let the archive catch up, or begin again`,
      );
    }
  }
}
