import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Embedder } from '../port.ts';
import { learntEmbedder } from './embedder.ts';
import type { Table } from './table.ts';
import type { Corpus } from './train.ts';

/** More texts than this teach little more, and take memory: the newest count. */
export const MOST_TEXTS = 300_000;
/** Of fewer too little is learnt to be better than an embedder that knows no words. */
export const LEAST_TEXTS = 5_000;

/**
 * Learns a table from a tenant's own texts (oldest first), in a thread of its own: seconds of one core. Null where they
 * say too little. The same corpus gives the same table.
 */
export async function learnTable(corpus: Corpus, signal: AbortSignal): Promise<Table | null> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  try {
    const { texts, people } = corpus;
    worker.postMessage({
      ...corpus,
      texts: texts.slice(-MOST_TEXTS),
      ...(people && { people: people.slice(-MOST_TEXTS) }),
    });
    const [table] = (await once(worker, 'message', { signal })) as [Table | null];
    return table;
  } finally {
    await worker.terminate();
  }
}

/** The embedder of the table that is learnt so. */
export async function learnEmbedder(corpus: Corpus, signal: AbortSignal): Promise<Embedder | null> {
  const table = await learnTable(corpus, signal);
  return table && learntEmbedder(table);
}
