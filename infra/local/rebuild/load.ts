import { setTimeout as sleep } from 'node:timers/promises';
import type { Archive } from '#backing/archive/port.ts';
import { BACKOFF, delayAfter } from '#backing/log/backoff.ts';
import type { Log, LogRecord } from '#backing/log/port.ts';
import { replay } from '../../../ingest/views/replay.ts';
import type { View } from '../../../ingest/views/view.ts';
import type { Reach } from './reach.ts';

/** How many partitions are read at once, and after how many batches it is kept how far one is. */
const [PARTITIONS_AT_ONCE, BATCHES] = [4, 8];
const ATTEMPTS = 8;

/**
 * Has a view written what the archive holds, from where its group stands. How far it is stands in the group, so that
 * one that was killed goes on there, and once all is written the log hands over what follows. `at` is told how
 * many records are done. How many the store would not take. The group must have no members.
 */
export async function loadArchive(
  view: View,
  reaches: readonly Reach[],
  {
    log,
    archive,
    signal: asked,
    at,
  }: { log: Log; archive: Archive; signal: AbortSignal; at(done: number): void },
): Promise<{ refused: number }> {
  let [done, refused] = [0, 0];
  const failing = new AbortController();
  const signal = AbortSignal.any([asked, failing.signal]);

  async function write(records: readonly LogRecord[]): Promise<void> {
    refused += (await patiently(() => replay(view, records, signal), signal)).refused;
    done += records.length;
    at(done);
  }

  async function load({ topic, partition, archived_to: to }: Reach): Promise<void> {
    const from = (await log.committed(view.group, topic, signal))[partition] ?? 0;
    if (from >= to) return;
    let batch: LogRecord[] = [];
    let batches = 0;
    for await (const record of archive.records({ topic, partition, from, to }, signal)) {
      if (batch.push(record) < view.max_records) continue;
      await write(batch);
      if (++batches % BATCHES === 0)
        await log.moveTo(view.group, { ...record, offset: record.offset + 1 }, signal);
      batch = [];
    }
    await write(batch);
    await log.moveTo(view.group, { topic, partition, offset: to }, signal);
  }

  const left = reaches.filter(({ archived_to }) => archived_to > 0).values();
  const one = async () => {
    try {
      for (const reach of left) await load(reach);
    } catch (error) {
      failing.abort(error);
    }
  };
  await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, one));
  signal.throwIfAborted();
  return { refused };
}

/** Writing the same again changes nothing, so what may pass by itself is waited for. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passes = (error as { retryable?: unknown }).retryable === true;
      if (signal.aborted || !passes || attempt === ATTEMPTS) throw error;
      await sleep(delayAfter(attempt, BACKOFF), undefined, { signal });
    }
  }
}
