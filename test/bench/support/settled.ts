import { setTimeout as sleep } from 'node:timers/promises';

/** Who takes less of a processor in a second rests; how long that may take to come. */
const [RESTING_US, SETTLE_MS] = [50_000, 180_000];

/**
 * Resolves once a process that nobody asks rests, by what it has used of the processor so far (µs): what it learns behind the
 * first answers is no part of those that follow. Throws where it does not come to rest.
 */
export async function settled(used: () => number | Promise<number>): Promise<void> {
  for (const end_ms = Date.now() + SETTLE_MS; Date.now() < end_ms; ) {
    const before_us = await used();
    await sleep(1000);
    if ((await used()) - before_us < RESTING_US) return;
  }
  throw new Error('The server does not come to rest: something goes on behind its answers');
}
