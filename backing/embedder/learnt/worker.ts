import { parentPort } from 'node:worker_threads';
import { type Corpus, train } from './train.ts';

/** Trains aside from the thread that answers. */
parentPort?.once('message', (corpus: Corpus) => parentPort?.postMessage(train(corpus)));
