import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#backing/log/port.ts';
import { viewTopics } from '#contract/topics.ts';

/** A group does not move: nobody runs the views. */
class ViewsAtRest extends Error {
  readonly code = 'views_at_rest';
  readonly retryable = true;
}

const LOOK_MS = 100;
/** Long enough for a group whose members come and go. */
const STILL_MS = 90_000;

/**
 * How many records a group is behind what stood on the log when this was called; `done` resolves once it has handled
 * them, telling how many of them it has. It throws ViewsAtRest where nothing moves for a minute and a half.
 */
export async function behind(log: Log, group: string, signal: AbortSignal) {
  const goals = await Promise.all(
    viewTopics.map(async (topic) => ({ topic, ends: await log.ends(topic, signal) })),
  );
  const now = async () => {
    let left = 0;
    for (const { topic, ends } of goals) {
      const committed = await log.committed(group, topic, signal);
      ends.forEach((end, partition) => {
        left += Math.max(0, end - (committed[partition] ?? 0));
      });
    }
    return left;
  };
  const total = await now();
  return {
    left: total,
    async done(at: (handled: number) => void): Promise<void> {
      let [before, moved_ms] = [total, performance.now()];
      for (let left = total; left > 0; left = await now()) {
        at(total - left);
        if (left !== before) [before, moved_ms] = [left, performance.now()];
        if (performance.now() - moved_ms > STILL_MS)
          throw new ViewsAtRest(
            `The group ${group} does not move: start the views (npx node ingest/main.ts views)`,
          );
        await sleep(LOOK_MS, undefined, { signal });
      }
    },
  };
}

/** Resolves once a group has handled all that stood on the log when this was called. Throws ViewsAtRest. */
export async function keptUp(log: Log, group: string, signal: AbortSignal): Promise<void> {
  await (await behind(log, group, signal)).done(() => {});
}
