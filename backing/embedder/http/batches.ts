import { EmbedderError } from './errors.ts';

type BatchesSettings = {
  ask(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
  /** The most of a batch; a longer text has one for itself. */
  max_texts: number;
  max_bytes: number;
  /** How many batches are under way at most. */
  concurrency: number;
};

/** A text on its way to the service. */
export type Sent = {
  vector: Promise<Float32Array>;
  /** Nobody waits for it any more. It is not sent then, or its batch is ended once that holds for all of it. */
  drop(): void;
};

type Batch = { left: number; ending: AbortController };
type Wanted = { text: string; bytes: number; batch: Batch | null } & Omit<
  PromiseWithResolvers<Float32Array>,
  'promise'
>;

/**
 * Gathers texts into batches, whoever wants them: what is wanted in one turn of the event loop goes together, and
 * what comes while all batches that may be are under way is gathered until one has ended. So a lone text never
 * waits for company, and many small calls become few requests.
 */
export function openBatches({ ask, max_texts, max_bytes, concurrency }: BatchesSettings) {
  const waiting = new Set<Wanted>();
  const under_way = new Set<Batch>();
  let waiting_bytes = 0;
  let scheduled = false;

  function unqueue(one: Wanted): boolean {
    const was = waiting.delete(one);
    if (was) waiting_bytes -= one.bytes;
    return was;
  }

  function take(): Wanted[] {
    const taken: Wanted[] = [];
    let bytes = 0;
    for (const one of waiting) {
      if (taken.length === max_texts || (taken.length > 0 && bytes + one.bytes > max_bytes)) break;
      bytes += one.bytes;
      taken.push(one);
    }
    for (const one of taken) unqueue(one);
    return taken;
  }

  /** A batch that is refused for its texts is asked for by halves, so that one text costs no other its vector. */
  async function settle(batch: readonly Wanted[], signal: AbortSignal): Promise<void> {
    try {
      const vectors = await ask(
        batch.map(({ text }) => text),
        signal,
      );
      batch.forEach(({ resolve }, i) => {
        resolve(vectors[i] as Float32Array);
      });
    } catch (error) {
      if (error instanceof EmbedderError && error.of_texts && batch.length > 1) {
        const half = batch.length >> 1;
        await settle(batch.slice(0, half), signal);
        await settle(batch.slice(half), signal);
      } else for (const { reject } of batch) reject(error);
    }
  }

  async function send(taken: readonly Wanted[]): Promise<void> {
    const batch = { left: taken.length, ending: new AbortController() };
    for (const one of taken) one.batch = batch;
    under_way.add(batch);
    await settle(taken, batch.ending.signal);
    under_way.delete(batch);
    pump();
  }

  function pump(): void {
    while (under_way.size < concurrency && waiting.size > 0) void send(take());
  }

  return {
    /** How much waits to be sent. */
    waitingBytes: () => waiting_bytes,

    want(text: string): Sent {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
      const one: Wanted = { text, bytes: Buffer.byteLength(text), batch: null, resolve, reject };
      waiting.add(one);
      waiting_bytes += one.bytes;
      if (!scheduled) {
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          pump();
        });
      }
      const drop = () => {
        const reason = new DOMException('Nobody waits for this text', 'AbortError');
        if (unqueue(one)) return reject(reason);
        if (one.batch && --one.batch.left === 0) one.batch.ending.abort(reason);
      };
      return { vector: promise, drop };
    },

    /** Fails all that waits or is under way. */
    close(): void {
      const closed = new EmbedderError('embedder_unavailable', 'The embedder was closed');
      for (const one of [...waiting]) if (unqueue(one)) one.reject(closed);
      for (const { ending } of under_way) ending.abort(closed);
    },
  };
}
