import { parentPort } from 'node:worker_threads';
import type { Observed } from './observed.ts';
import { patternsOf } from './patterns.ts';
import type { Rehearsed } from './rehearsal/rehearse.ts';

/** Learns one tenant's patterns aside from the thread that answers. */
parentPort?.once('message', ({ observed, rehearsed }: { observed: Observed; rehearsed: Rehearsed | null }) =>
  parentPort?.postMessage(patternsOf(observed, rehearsed)),
);
