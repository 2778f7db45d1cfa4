import { assigned } from './assignment.ts';
import { type Backoff, delayAfter } from './backoff.ts';
import { type Disturbance, wait } from './chaos.ts';
import { type Delivery, Member } from './member.ts';
import type { Batch, ConsumerOptions, LogRecord } from './port.ts';
import { PARTITIONS, type Store } from './store.ts';

export type GroupOptions = {
  name: string;
  store: Store;
  backoff: Backoff;
  /** What is done to the next batch; null for nothing. */
  disturb(): Disturbance | null;
};

/** What a group knows of a partition. */
type Slot = {
  readonly topic: string;
  readonly partition: number;
  owner: Seat | null;
  /** Raised each time the partition is given to somebody: a batch of an earlier generation is stale. */
  generation: number;
  committed: number;
  attempt: number;
  /** How many records are handed over again; null where the next batch is new. */
  again: number | null;
  state: 'ready' | 'waiting' | 'paused';
  /** Calls the wait off. */
  stopWaiting: () => void;
  /** Up to where nothing is held back any more; null while something is. */
  due: number | null;
  /** Calls off what ends the holding back. */
  stopLingering: () => void;
  hand: AbortController | null;
};

/** What a group knows of a member. */
type Seat = Pick<ConsumerOptions, 'max_records' | 'max_bytes' | 'linger_ms' | 'onError'> & {
  readonly topics: ReadonlySet<string>;
  readonly member: Member;
  /** Where it took its last batch from. */
  last: Slot | null;
};

/** The members of a group, which of them has which partition, and how far each partition is. */
export class Group {
  readonly #name: string;
  readonly #store: Store;
  readonly #backoff: Backoff;
  readonly #disturb: GroupOptions['disturb'];
  readonly #slots: Slot[] = [];
  #seats: Seat[] = [];

  constructor({ name, store, backoff, disturb }: GroupOptions) {
    this.#name = name;
    this.#store = store;
    this.#backoff = backoff;
    this.#disturb = disturb;
  }

  get isEmpty(): boolean {
    return this.#seats.length === 0;
  }

  /** Where its members will go on in a partition; null where it has none, or none that knows the topic. */
  committed(topic: string, partition: number): number | null {
    if (this.isEmpty) return null;
    const slot = this.#slots.find((one) => one.topic === topic && one.partition === partition);
    return slot?.committed ?? null;
  }

  /** Adds a member; what is given back makes it leave, once its batch in hand has ended. */
  join({ topics, handle, ...options }: ConsumerOptions): () => Promise<void> {
    const member = new Member({ handle, next: () => this.#next(seat) });
    const seat: Seat = { ...options, topics: new Set(topics), member, last: null };
    for (const topic of seat.topics) this.#know(topic);
    this.#seats.push(seat);
    this.#rebalance();
    return () => this.#leave(seat);
  }

  /** There are new records in a topic. */
  wake(topic: string): void {
    for (const seat of this.#seats) if (seat.topics.has(topic)) seat.member.wake();
  }

  /** Makes all members leave at once, so that none gets what another had. */
  async close(): Promise<void> {
    for (const slot of this.#slots) slot.hand?.abort();
    await Promise.all(this.#seats.map((seat) => seat.member.stop()));
    for (const slot of this.#slots) {
      slot.stopWaiting();
      slot.stopLingering();
    }
  }

  async #leave(seat: Seat): Promise<void> {
    for (const slot of this.#slots) if (slot.owner === seat) slot.hand?.abort();
    await seat.member.stop();
    if (!this.#seats.includes(seat)) return;
    this.#seats = this.#seats.filter((other) => other !== seat);
    this.#rebalance();
  }

  #know(topic: string): void {
    if (this.#slots.some((slot) => slot.topic === topic)) return;
    for (const [partition, at] of this.#store.committed(this.#name, topic).entries()) {
      const committed = Math.max(at, this.#store.start(topic, partition));
      if (committed > at) this.#store.commit(this.#name, { topic, partition, offset: committed });
      this.#slots.push({
        topic,
        partition,
        owner: null,
        generation: 0,
        committed,
        attempt: 1,
        again: null,
        state: 'ready',
        stopWaiting: () => {},
        due: 0,
        stopLingering: () => {},
        hand: null,
      });
    }
  }

  #rebalance(): void {
    for (const slot of this.#slots) {
      const owner = assigned(this.#seats, slot, PARTITIONS);
      if (owner !== slot.owner) this.#give(slot, owner);
    }
  }

  #give(slot: Slot, owner: Seat | null): void {
    slot.generation++;
    slot.hand?.abort();
    slot.stopWaiting();
    slot.stopLingering();
    Object.assign(slot, { owner, hand: null, attempt: 1, again: null, due: 0, state: 'ready' });
    owner?.member.wake();
  }

  /** Takes turns among a member's partitions, from the one after the last. */
  #next(seat: Seat): Delivery | null {
    const after = seat.last === null ? 0 : this.#slots.indexOf(seat.last) + 1;
    const turns = [...this.#slots.slice(after), ...this.#slots.slice(0, after)];
    const ready = turns.filter(
      (slot) =>
        slot.owner === seat && slot.state === 'ready' && this.#hasMore(slot) && this.#isDue(slot, seat),
    );
    if (ready.length === 0) return null;
    const disturbance = this.#disturb();
    const slot = ready[Math.floor((disturbance?.partition ?? 0) * ready.length)] as Slot;
    seat.last = slot;
    const max =
      slot.again ?? (disturbance ? 1 + Math.floor(disturbance.size * seat.max_records) : seat.max_records);
    try {
      return this.#hand(
        slot,
        seat,
        this.#store.read({ ...slot, offset: slot.committed }, max, seat.max_bytes),
        disturbance,
      );
    } catch (error) {
      this.#fail(slot, seat, this.#batch(slot, []), error);
      return this.#next(seat);
    }
  }

  #hasMore(slot: Slot): boolean {
    return slot.committed < this.#store.end(slot.topic, slot.partition);
  }

  /** Whether a batch need not wait for more; else sees to it that it waits no longer than it may. */
  #isDue(slot: Slot, { member, max_records, linger_ms }: Seat): boolean {
    const end = this.#store.end(slot.topic, slot.partition);
    const isFull = end - slot.committed >= max_records;
    if (linger_ms === undefined || isFull || slot.again !== null) return true;
    if (slot.due === null) return false;
    if (slot.committed < slot.due) return true;
    slot.due = null;
    slot.stopLingering = this.#backoff.after(linger_ms, () => {
      slot.due = this.#store.end(slot.topic, slot.partition);
      member.wake();
    });
    return false;
  }

  #batch(slot: Slot, records: readonly LogRecord[]): Batch {
    const { topic, partition, attempt, generation } = slot;
    const hand = new AbortController();
    slot.hand = hand;
    return {
      topic,
      partition,
      records,
      attempt,
      isStale: () => slot.generation !== generation,
      signal: hand.signal,
    };
  }

  #hand(slot: Slot, seat: Seat, records: readonly LogRecord[], disturbance: Disturbance | null): Delivery {
    const batch = this.#batch(slot, records);
    if (disturbance?.then === 'reassign') {
      void wait(disturbance.turns).then(() => {
        if (!batch.isStale()) this.#reassign(slot, disturbance);
      });
    }
    return {
      batch,
      done: () => {
        if (batch.isStale()) return;
        if (disturbance?.then === 'reassign') this.#reassign(slot, disturbance);
        else this.#commit(slot, records, disturbance);
      },
      failed: (error) => {
        if (batch.isStale()) seat.onError(error, batch, 0);
        else this.#fail(slot, seat, batch, error);
      },
    };
  }

  #commit(slot: Slot, records: readonly LogRecord[], disturbance: Disturbance | null): void {
    const next = slot.committed + records.length;
    const offset = disturbance?.then === 'rewind' ? Math.floor(disturbance.offset * next) : next;
    this.#store.commit(this.#name, { ...slot, offset });
    Object.assign(slot, { committed: offset, hand: null, attempt: 1, again: null });
  }

  #fail(slot: Slot, seat: Seat, batch: Batch, error: unknown): void {
    slot.hand = null;
    if ((error as { retryable?: unknown } | null)?.retryable === false) {
      slot.state = 'paused';
      seat.onError(error, batch, null);
      return;
    }
    const delay_ms = delayAfter(slot.attempt, this.#backoff);
    slot.attempt++;
    slot.again = batch.records.length || null;
    slot.state = 'waiting';
    slot.stopWaiting = this.#backoff.after(delay_ms, () => {
      slot.state = 'ready';
      seat.member.wake();
    });
    seat.onError(error, batch, delay_ms);
  }

  /** Gives a partition to another of its topic's members, or where there is none, to the same one anew. */
  #reassign(slot: Slot, { member }: Disturbance): void {
    const others = this.#seats.filter((seat) => seat !== slot.owner && seat.topics.has(slot.topic));
    this.#give(slot, others[Math.floor(member * others.length)] ?? slot.owner);
  }
}
