import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import { type Backoff, delayAfter } from '../backoff.ts';
import type { Batch, ConsumerOptions, LogRecord, Place } from '../port.ts';
import { isExpulsion } from './errors.ts';
import type { Lease } from './lease.ts';
import { recordOf } from './record.ts';
import type { Settings } from './settings.ts';

const COMMIT_ATTEMPTS = 4;
const COMMIT_RETRY: Pick<Backoff, 'base_ms' | 'max_ms'> = { base_ms: 50, max_ms: 1_000 };

export type HandingOptions = {
  settings: Settings;
  consumer: ConsumerOptions;
  lease: Lease;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
};

/** What is known of a partition, from when it was given to this member until the next rebalance. */
type Slot = {
  readonly topic: string;
  readonly partition: number;
  attempt: number;
  /** What is handed over again; null where the next batch is new. */
  again: readonly LogRecord[] | null;
  isReady: boolean;
  /** Whether what there is has been held back for long enough. */
  isDue: boolean;
  /** Calls the wait off. */
  stopWaiting(): void;
};

/** What has been fetched of a partition, and the time in which it may be handed over. */
type Turn = { slot: Slot; payload: EachBatchPayload; isCurrent(): boolean };

/**
 * Hands what kafkajs has fetched to the consumer, one batch after the other, and commits each once it is handled.
 * A batch is stale for good as soon as the member's place in its group was in doubt, even where its partition
 * stays here: its records come again.
 */
export class Handing {
  readonly #options: HandingOptions;
  readonly #slots = new Map<string, Slot>();
  /** Raised whenever partitions are given or taken. */
  #generation = 0;
  #hand: AbortController | null = null;
  #busy: Promise<void> | null = null;
  #isStopping = false;

  constructor(options: HandingOptions) {
    this.#options = options;
  }

  /** Whatever was given to this member is given anew, or to others. */
  revoke(): void {
    this.#generation++;
    this.#hand?.abort();
    for (const { topic, partition, isReady, stopWaiting } of this.#slots.values()) {
      stopWaiting();
      // kafkajs keeps a partition paused even while it is another's.
      if (!isReady) this.#options.resume(topic, partition);
    }
    this.#slots.clear();
  }

  /** Hands no further batch over; resolves once the one in hand has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#hand?.abort();
    for (const { stopWaiting } of this.#slots.values()) stopWaiting();
    await this.#busy?.catch(() => {});
  }

  /** For kafkajs, which fetches on once this has resolved. Rejects where it has to join the group again. */
  take(payload: EachBatchPayload): Promise<void> {
    this.#busy = this.#handAll(payload);
    return this.#busy;
  }

  async #handAll(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const generation = this.#generation;
    const isCurrent = () => this.#generation === generation && !this.#options.lease.isOver();
    const turn: Turn = { slot: this.#slot(topic, partition), payload, isCurrent };
    const place = this.#keepPlace(turn);
    try {
      for (const records of this.#cut(turn)) {
        if (this.#isStopping || !isCurrent() || !turn.slot.isReady) break;
        if (this.#mayGrow(turn, records)) {
          this.#holdBack(turn.slot);
          break;
        }
        if (!(await this.#handOver(turn, records))) break;
      }
    } finally {
      place.leave();
    }
    const expelled = place.expelled();
    if (expelled) throw expelled;
  }

  /** Heartbeats, for as long as a batch is in hand; kafkajs makes none then. */
  #keepPlace({ payload, isCurrent }: Turn) {
    let expelled: unknown;
    const beat = async () => {
      if (!isCurrent()) this.#hand?.abort();
      try {
        await payload.heartbeat();
      } catch (error) {
        // That the coordinator can't be reached is no expulsion: the lease tells when it would be one.
        if (!isExpulsion(error)) return;
        expelled ??= error;
        if (isCurrent()) this.revoke();
      }
    };
    const timer = setInterval(beat, this.#options.settings.heartbeat_ms / 2);
    return { leave: () => clearInterval(timer), expelled: () => expelled };
  }

  *#cut({ slot, payload: { batch } }: Turn): Generator<readonly LogRecord[]> {
    const { max_records, max_bytes = Number.POSITIVE_INFINITY } = this.#options.consumer;
    const { again } = slot;
    let fresh = batch.messages;
    if (again) {
      yield again;
      const last = again.at(-1) as LogRecord;
      fresh = fresh.filter(({ offset }) => Number(offset) > last.offset);
    }
    const topic = this.#plain(batch.topic);
    for (let at = 0, end = 0; at < fresh.length; at = end) {
      for (let bytes = 0; end < Math.min(fresh.length, at + max_records); end++) {
        bytes += fresh[end]?.value?.byteLength ?? 0;
        if (end > at && bytes > max_bytes) break;
      }
      yield fresh.slice(at, end).map((message) => recordOf(topic, batch.partition, message));
    }
  }

  /** True where these are all that the partition has, fewer than a batch takes, and may wait for more. */
  #mayGrow({ slot, payload: { batch } }: Turn, records: readonly LogRecord[]): boolean {
    const { linger_ms, max_records } = this.#options.consumer;
    if (linger_ms === undefined || slot.isDue || slot.again || records.length >= max_records) return false;
    return isLastOf(batch, records);
  }

  /** Fetches nothing of the partition for a while: what has been fetched is fetched again then, with what has come. */
  #holdBack(slot: Slot): void {
    const { settings, consumer, pause, resume } = this.#options;
    slot.isReady = false;
    pause(slot.topic, slot.partition);
    slot.stopWaiting = settings.backoff.after(consumer.linger_ms as number, () => {
      Object.assign(slot, { isReady: true, isDue: true });
      resume(slot.topic, slot.partition);
    });
  }

  /** Whether to go on with what comes after. */
  async #handOver(turn: Turn, records: readonly LogRecord[]): Promise<boolean> {
    const { slot, isCurrent } = turn;
    const hand = new AbortController();
    this.#hand = hand;
    let stale = false;
    const isStale = () => {
      stale ||= !isCurrent();
      if (stale) hand.abort();
      return stale;
    };
    const { partition, attempt } = slot;
    const topic = this.#plain(slot.topic);
    const batch: Batch = { topic, partition, records, attempt, isStale, signal: hand.signal };
    try {
      await Promise.try(this.#options.consumer.handle, batch);
    } catch (error) {
      this.#fail(slot, batch, error);
      return false;
    } finally {
      this.#hand = null;
    }
    if (isStale()) return false;
    await this.#commit(turn, records.at(-1) as LogRecord);
    slot.attempt = 1;
    slot.again = null;
    if (isLastOf(turn.payload.batch, records)) slot.isDue = false;
    return true;
  }

  async #commit({ slot, payload, isCurrent }: Turn, { offset }: Place): Promise<void> {
    const { topic, partition } = slot;
    const offsets = { topics: [{ topic, partitions: [{ partition, offset: String(offset + 1) }] }] };
    for (let attempt = 1; ; attempt++) {
      try {
        await payload.commitOffsetsIfNecessary(offsets);
        payload.resolveOffset(String(offset));
        return;
      } catch (error) {
        if (isExpulsion(error)) {
          if (isCurrent()) this.revoke();
          throw error;
        }
        if (attempt === COMMIT_ATTEMPTS || !isCurrent()) throw error;
        await sleep(delayAfter(attempt, { ...this.#options.settings.backoff, ...COMMIT_RETRY }));
        if (!isCurrent()) throw error;
      }
    }
  }

  #fail(slot: Slot, batch: Batch, error: unknown): void {
    const { settings, consumer, pause, resume } = this.#options;
    if (batch.isStale()) {
      consumer.onError(error, batch, 0);
      return;
    }
    slot.isReady = false;
    pause(slot.topic, slot.partition);
    if ((error as { retryable?: unknown } | null)?.retryable === false) {
      consumer.onError(error, batch, null);
      return;
    }
    const delay_ms = delayAfter(slot.attempt, settings.backoff);
    slot.attempt++;
    slot.again = batch.records;
    if (!this.#isStopping) {
      slot.stopWaiting = settings.backoff.after(delay_ms, () => {
        slot.isReady = true;
        resume(slot.topic, slot.partition);
      });
    }
    consumer.onError(error, batch, delay_ms);
  }

  #slot(topic: string, partition: number): Slot {
    const key = `${topic}/${partition}`;
    const known = this.#slots.get(key);
    if (known) return known;
    const slot: Slot = {
      topic,
      partition,
      attempt: 1,
      again: null,
      isReady: true,
      isDue: false,
      stopWaiting: () => {},
    };
    this.#slots.set(key, slot);
    return slot;
  }

  #plain(topic: string): string {
    return topic.slice(this.#options.settings.prefix.length);
  }
}

/** Whether nothing came after these records when they were fetched. */
function isLastOf(batch: EachBatchPayload['batch'], records: readonly LogRecord[]): boolean {
  return (records.at(-1) as LogRecord).offset + 1 >= Number(batch.highWatermark);
}
