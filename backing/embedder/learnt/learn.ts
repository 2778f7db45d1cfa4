import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Embedder } from '../port.ts';
import { learntEmbedder } from './embedder.ts';
import type { Table } from './table.ts';
import type { Corpus } from './train.ts';

/** More texts than this teach little more, and take memory: the newest count. */
const MOST_TEXTS = 300_000;

/**
 * Learns an embedder from a tenant's own texts (oldest first), in a thread of its own: seconds of one core. Null where they say too little. The
 * same corpus gives the same version.
 */
export async function learnEmbedder(corpus: Corpus, signal: AbortSignal): Promise<Embedder | null> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  try {
    worker.postMessage({ ...corpus, texts: corpus.texts.slice(-MOST_TEXTS) });
    const [table] = (await once(worker, 'message', { signal })) as [Table | null];
    return table && learntEmbedder(table);
  } finally {
    await worker.terminate();
  }
}
