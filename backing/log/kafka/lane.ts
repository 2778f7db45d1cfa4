import { LogOverloaded, LogUnavailable, type Message, type Place } from '../port.ts';
import { unavailable } from './errors.ts';
import { RenewedProducer } from './producer.ts';
import { type Prepared, prepared } from './record.ts';
import type { Settings } from './settings.ts';

/**
 * The most that one request takes. In bytes well below what a topic takes as one batch, since all may be of one
 * partition; in messages because kafkajs's time for a partition grows with the square of theirs.
 */
const [REQUEST_BYTES, REQUEST_MESSAGES] = [800_000, 1_000];

/** The bytes that wait in all lanes of a log. */
export type Waiting = { bytes: number };

type Pending = {
  messages: readonly Prepared[];
  /** Of the first so many messages. */
  places: Place[];
  /** How many have been taken into a request. */
  taken: number;
  bytes: number;
  deadline_ms: number;
  settled: boolean;
  resolve(places: Place[]): void;
  reject(error: unknown): void;
};

type Part = { pending: Pending; messages: readonly Prepared[] };

/**
 * The way of one topic's appends to the brokers: one request after the other, in the order of the calls. Whatever
 * is appended while a request is on its way shares the next one.
 */
export class Lane {
  readonly #topic: string;
  readonly #settings: Settings;
  readonly #waiting: Waiting;
  readonly #producer: RenewedProducer;
  readonly #queue = new Set<Pending>();
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(topic: string, settings: Settings, waiting: Waiting) {
    this.#topic = topic;
    this.#settings = settings;
    this.#waiting = waiting;
    this.#producer = new RenewedProducer(settings);
  }

  /** Resolves once the messages are written. Throws as the log's `append`, and MessageTooLarge. */
  async append(messages: readonly Message[], signal: AbortSignal): Promise<Place[]> {
    signal.throwIfAborted();
    if (this.#closed) throw new LogUnavailable('The log is closed');
    if (messages.length === 0) return [];
    const { topics, pending_bytes, delivery_timeout_ms } = this.#settings;
    const ready = messages.map((message) => prepared(message, topics.partitions));
    const bytes = ready.reduce((sum, message) => sum + message.bytes, 0);
    const already = this.#waiting.bytes;
    if (already > 0 && already + bytes > pending_bytes) {
      throw new LogOverloaded(`${already} bytes wait to be written to the log already: try again in a while`);
    }
    const deadline_ms = performance.now() + delivery_timeout_ms;
    return new Promise((resolve, reject) => {
      const abort = () => {
        if (pending.taken === 0) this.#drop(pending);
        pending.settled = true;
        reject(signal.reason);
      };
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          signal.removeEventListener('abort', abort);
          this.#drop(pending);
          pending.settled = true;
          how(value);
        };
      const pending: Pending = {
        messages: ready,
        places: [],
        taken: 0,
        bytes,
        deadline_ms,
        settled: false,
        resolve: settle(resolve),
        reject: settle(reject),
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.bytes += bytes;
      this.#queue.add(pending);
      this.#running ??= this.#run();
    });
  }

  /** Lets nothing in any more, and writes what waits; what has not been written in time fails. */
  async close(timeout_ms: number): Promise<void> {
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, timeout_ms);
    await Promise.race([promise, this.#running]);
    clearTimeout(timeout);
    for (const pending of this.#queue) pending.reject(new LogUnavailable('The log was closed'));
    await this.#producer.close(timeout_ms);
  }

  #drop(pending: Pending): void {
    if (this.#queue.delete(pending)) this.#waiting.bytes -= pending.bytes;
  }

  async #run(): Promise<void> {
    // What is appended in the same turn of the event loop is to share the first request.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.size > 0) {
      const parts = this.#take();
      if (parts.length > 0) await this.#write(parts);
    }
    this.#running = null;
  }

  async #write(parts: readonly Part[]): Promise<void> {
    const messages = parts.flatMap((part) => part.messages);
    try {
      const places = await this.#producer.send(this.#topic, messages, this.#settings.delivery_timeout_ms);
      let at = 0;
      for (const part of parts) {
        const { pending } = part;
        pending.places.push(...places.slice(at, at + part.messages.length));
        at += part.messages.length;
        if (pending.places.length === pending.messages.length) pending.resolve(pending.places);
      }
    } catch (error) {
      const told = unavailable('The log could not be written', error);
      for (const { pending } of parts) pending.reject(told);
    }
  }

  /** The next request, from the first that waits; without what nobody waits for any more. */
  #take(): Part[] {
    const parts: Part[] = [];
    let [bytes, count] = [0, 0];
    const now_ms = performance.now();
    for (const pending of this.#queue) {
      if (pending.settled) {
        this.#drop(pending);
        continue;
      }
      if (pending.deadline_ms <= now_ms) {
        pending.reject(new LogUnavailable('The log could not be written in time'));
        continue;
      }
      const from = pending.taken;
      for (const message of pending.messages.slice(from, from + REQUEST_MESSAGES - count)) {
        if (bytes > 0 && bytes + message.bytes > REQUEST_BYTES) break;
        bytes += message.bytes;
        count++;
        pending.taken++;
      }
      if (pending.taken > from)
        parts.push({ pending, messages: pending.messages.slice(from, pending.taken) });
      if (pending.taken < pending.messages.length) break;
    }
    return parts;
  }
}
