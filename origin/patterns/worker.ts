import { parentPort } from 'node:worker_threads';
import type { Observed } from './observed.ts';
import { patternsOf } from './patterns.ts';

/** Learns one tenant's patterns aside from the thread that answers. */
parentPort?.once('message', (observed: Observed) => parentPort?.postMessage(patternsOf(observed)));
