import { LogOverloaded, LogUnavailable, type Message, type Place } from './port.ts';
import type { Append } from './store.ts';

export type AppendQueueOptions = {
  /** Writes appends together, durably, or throws and has written none of them. */
  write(appends: readonly Append[]): Place[][];
  /** How much may wait to be written, in bytes. One append is let in however large it is, if nothing waits. */
  pending_bytes: number;
  /** A transaction takes no further append once it has so many bytes, so that the event loop gets its turn. */
  group_bytes: number;
};

type Pending = Append & {
  bytes: number;
  signal: AbortSignal;
  resolve(places: Place[]): void;
  reject(error: unknown): void;
};

/** What a message costs beside its key and value, about. */
const OVERHEAD_BYTES = 128;

/** Group commit: all that is appended in one turn of the event loop is written, and synced, together. */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  #pending: Pending[] = [];
  #bytes = 0;
  #scheduled = false;
  #closed = false;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Resolves once the messages are written. Throws LogOverloaded, LogUnavailable, or the signal's reason. */
  async append(topic: string, messages: readonly Message[], signal: AbortSignal): Promise<Place[]> {
    signal.throwIfAborted();
    if (this.#closed) throw new LogUnavailable('The log is closed');
    if (messages.length === 0) return [];
    const bytes = messages.reduce(
      (sum, { key, value }) => sum + key.length + value.byteLength + OVERHEAD_BYTES,
      0,
    );
    if (this.#bytes > 0 && this.#bytes + bytes > this.#options.pending_bytes) {
      throw new LogOverloaded(
        `${this.#bytes} bytes wait to be written to the log already: try again in a while`,
      );
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ topic, messages, bytes, signal, resolve, reject });
      this.#bytes += bytes;
      this.#schedule();
    });
  }

  /** Writes all that waits, and lets nothing in any more. */
  close(): void {
    this.#closed = true;
    while (this.#pending.length > 0) this.#writeGroup();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeGroup();
      if (this.#pending.length > 0) this.#schedule();
    });
  }

  #writeGroup(): void {
    const group = this.#takeGroup();
    if (group.length === 0) return;
    try {
      const places = this.#options.write(group);
      for (const [at, { resolve }] of group.entries()) resolve(places[at] as Place[]);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #takeGroup(): Pending[] {
    const group: Pending[] = [];
    let [taken, bytes] = [0, 0];
    for (const pending of this.#pending) {
      if (bytes >= this.#options.group_bytes) break;
      taken++;
      this.#bytes -= pending.bytes;
      if (pending.signal.aborted) {
        pending.reject(pending.signal.reason);
      } else {
        group.push(pending);
        bytes += pending.bytes;
      }
    }
    this.#pending = this.#pending.slice(taken);
    return group;
  }
}
