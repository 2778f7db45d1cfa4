import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Observed } from './observed.ts';
import { type Patterns, patternsOf } from './patterns.ts';
import type { Rehearsed } from './rehearsal/rehearse.ts';

/** What takes less than a worker takes to start is learnt at once: so much of entries and messages, so many campaigns. */
const [FEW, FEW_CAMPAIGNS] = [500, 100];

/**
 * Learns patterns in a thread of its own, where they take longer than one takes to start. With what was rehearsed before, it is
 * not rehearsed again.
 */
export async function learn(
  observed: Observed,
  rehearsed: Rehearsed | null,
  signal: AbortSignal,
): Promise<Patterns> {
  const { items, speakers, campaigns } = observed;
  if (items.length + speakers.length < FEW && campaigns.length < FEW_CAMPAIGNS)
    return patternsOf(observed, rehearsed);
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  try {
    worker.postMessage({ observed, rehearsed }, [observed.vectors.buffer as ArrayBuffer]);
    const [patterns] = await once(worker, 'message', { signal });
    return patterns as Patterns;
  } finally {
    await worker.terminate();
  }
}
