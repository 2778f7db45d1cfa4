import { setTimeout as sleep } from 'node:timers/promises';
import { Mendable } from '../terminal/mendable.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Standing } from './standing.ts';

const EVERY_MS = 50;

/**
 * Resolves once the views have handled all that stood on the log when this was called. Throws Mendable where
 * a view has stopped for good, or the signal's reason.
 */
export async function catchUp({
  read,
  progress,
  signal,
}: {
  read: (signal: AbortSignal) => Promise<Standing>;
  progress: Progress;
  signal: AbortSignal;
}): Promise<void> {
  let now = await read(signal);
  const goal = now.ends;
  const left = ({ handled }: Standing) =>
    goal.reduce((sum, end, at) => sum + Math.max(0, end - (handled[at] ?? 0)), 0);
  const total = left(now);
  if (total === 0) return;
  await progress('counted and embedded', total, async (at) => {
    for (let rest = total; rest > 0; rest = left(now)) {
      at(total - rest);
      if (now.paused) {
        throw new Mendable(
          'A view has stopped at a record it cannot handle; the lines above say which and why',
        );
      }
      await sleep(EVERY_MS, undefined, { signal });
      now = await read(signal);
    }
  });
}
