import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './port.ts';

/** How soon a log is asked again, in ms: at first, and at last. */
const [SOON_MS, LATE_MS] = [1, 20];

/**
 * Resolves once a group has handled all that stood in the topics when this was called.
 * Throws the signal's reason, or LogUnavailable.
 */
export async function caughtUp(
  log: Log,
  group: string,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const goals = await Promise.all(
    topics.map(async (topic) => ({ topic, ends: await log.ends(topic, signal) })),
  );
  const isThere = async ({ topic, ends }: { topic: string; ends: number[] }) => {
    const committed = await log.committed(group, topic, signal);
    return ends.every((end, partition) => (committed[partition] ?? 0) >= end);
  };
  for (let wait_ms = SOON_MS; !(await Promise.all(goals.map(isThere))).every(Boolean); ) {
    await sleep(wait_ms, undefined, { signal });
    wait_ms = Math.min(2 * wait_ms, LATE_MS);
  }
}
