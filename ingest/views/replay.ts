import type { LogRecord } from '#backing/log/port.ts';
import { readRecords } from './read-records.ts';
import { writeSettingApart } from './set-apart.ts';
import { deletionOf, type View } from './view.ts';

/**
 * Writes records of one partition into a view, in their order, as the log would hand them over; how many it would not
 * take. Those are in the dead letters since they were handed over first, and no epoch is raised: nobody's answers
 * rest on the view yet. Rejects with NewerEnvelope or BadDeletion, or with what the store rejects with.
 */
export async function replay(
  view: View,
  records: readonly LogRecord[],
  signal: AbortSignal,
): Promise<{ refused: number }> {
  const [first] = records;
  if (!first) return { refused: 0 };
  const { topic, partition } = first;
  const batch = { topic, partition, records, attempt: 1, isStale: () => false, signal };
  const { stop, ...read } = readRecords(batch, view.group);
  if (stop) throw stop;
  const hand = { signal, stillOurs: () => signal.throwIfAborted() };
  const { refused } = await writeSettingApart({ ...read, bad: [] }, (some) => view.write(some, hand));
  if (read.deletions.length > 0) await view.forget(read.deletions.map(deletionOf), signal);
  return { refused: read.bad.length + refused.length };
}
