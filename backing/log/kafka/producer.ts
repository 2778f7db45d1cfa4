import type { Producer, RecordMetadata } from 'kafkajs';
import type { Place } from '../port.ts';
import { type Client, openClient } from './client.ts';
import { isSequenceError } from './errors.ts';
import type { Prepared } from './record.ts';
import type { Settings } from './settings.ts';

const ALL_IN_SYNC = -1;

type Current = { client: Client; producer: Producer; connected: Promise<void> };

/**
 * An idempotent producer that is made anew after every failure: kafkajs gives the numbers of a failed batch to
 * the next one, and the brokers would take that for the failed one's repetition and drop it.
 */
export class RenewedProducer {
  readonly #settings: Settings;
  #current: Current | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Writes messages of one topic, one call after the other. Resolves once all replicas in sync have them, with
   * their places. What a failed call wrote, if anything, may stand on the log; nothing of it is written later
   * than its failure is told, but what is on its way already.
   */
  async send(topic: string, messages: readonly Prepared[], timeout_ms: number): Promise<Place[]> {
    const timer = Promise.withResolvers<never>();
    const timeout = setTimeout(
      () => timer.reject(new Error(`No acknowledgement within ${timeout_ms} ms`)),
      timeout_ms,
    );
    try {
      return await Promise.race([timer.promise, this.#sendAgain(topic, messages)]);
    } catch (error) {
      this.#discard();
      throw error;
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Resolves once it is disconnected, or the time is over. */
  async close(timeout_ms: number): Promise<void> {
    const current = this.#current;
    if (!current) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, timeout_ms);
    await Promise.race([promise, current.producer.disconnect().catch(() => {})]);
    clearTimeout(timeout);
    this.#discard();
  }

  /** Once more by a new producer where the old one's numbers were refused. */
  async #sendAgain(topic: string, messages: readonly Prepared[]): Promise<Place[]> {
    try {
      return await this.#sendOnce(topic, messages);
    } catch (error) {
      if (!isSequenceError(error)) throw error;
      const type = (error as { type?: string }).type;
      this.#settings.report({ level: 'warn', message: 'A Kafka producer is made anew', topic, type });
      this.#discard();
      return await this.#sendOnce(topic, messages);
    }
  }

  async #sendOnce(topic: string, messages: readonly Prepared[]): Promise<Place[]> {
    this.#current ??= this.#open();
    const { connected, producer } = this.#current;
    await connected;
    const name = this.#settings.prefix + topic;
    const acknowledged = await producer.send({ topic: name, messages: [...messages], acks: ALL_IN_SYNC });
    return placesOf(topic, messages, acknowledged);
  }

  #open(): Current {
    const client = openClient(this.#settings);
    const producer = client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => partitioner,
      // Ended by the timeout of `send`: to give up sooner is to risk a repetition.
      retry: { retries: Number.MAX_SAFE_INTEGER },
    });
    return { client, producer, connected: producer.connect() };
  }

  #discard(): void {
    const current = this.#current;
    this.#current = null;
    if (!current) return;
    current.client.kill();
    // Ends its timers, too.
    current.producer.disconnect().catch(() => {});
    current.connected.catch(() => {});
  }
}

const partitioner = ({ message }: { message: { partition?: number } }) => message.partition as number;

/** Where messages stand, from where each partition's first one does: the rest follows it, in order. */
function placesOf(
  topic: string,
  messages: readonly Prepared[],
  acknowledged: readonly RecordMetadata[],
): Place[] {
  const next = new Map(
    acknowledged.map(({ partition, baseOffset }) => [partition, Number(baseOffset ?? Number.NaN)]),
  );
  return messages.map(({ partition }) => {
    const offset = next.get(partition) ?? Number.NaN;
    if (!(offset >= 0)) throw new Error(`No offset was told for partition ${partition}`);
    next.set(partition, offset + 1);
    return { topic, partition, offset };
  });
}
