/** What is written: the key decides the partition, and so what keeps its order. */
export type Message = {
  key: string;
  value: Uint8Array;
  /** The span that wrote it (W3C `traceparent`), where that is kept: no part of what it says. */
  traceparent?: string;
};

/** Where a record stands. Offsets of a partition rise, and are never used twice. */
export type Place = { topic: string; partition: number; offset: number };

export type LogRecord = Place & Message & { appended_ms: number };

/** Consecutive records of one partition, handed to one member of a group. */
export type Batch = {
  topic: string;
  partition: number;
  records: readonly LogRecord[];
  /** 1 when it is handed over for the first time, and one more at each retry. */
  attempt: number;
  /** True once the partition belongs to another member: whoever finds it so must neither write nor go on. */
  isStale(): boolean;
  /** Aborted when the partition is taken away or the consumer stops. */
  signal: AbortSignal;
};

export type ConsumerOptions = {
  group: string;
  topics: readonly string[];
  /** The most records in a batch. */
  max_records: number;
  /** About the most bytes of values in a batch, which has one record however large it is. */
  max_bytes?: number;
  /**
   * For few large batches: how long one of fewer records than the most may be held back, from when its first was
   * seen. Nothing is held back where nothing is said; nor once there is more than a batch takes.
   */
  linger_ms?: number;
  /**
   * Takes a batch. Its offsets are committed once it resolves, never before, so a batch may come again,
   * and to another member. Rejecting with an error whose `retryable` is false pauses the partition for good;
   * any other error hands the same records over again, after a growing delay. Other partitions go on.
   */
  handle(batch: Batch): Promise<void>;
  /** Told of every rejection; `retry_ms` is null where the partition is paused. */
  onError(error: unknown, batch: Batch, retry_ms: number | null): void;
};

export type Consumer = {
  /** Leaves the group once the batch at hand has ended; its partitions go to the other members. */
  stop(): Promise<void>;
};

/** Too much is waiting to be written. Nothing of the call was; it can be made again in a while. */
export class LogOverloaded extends Error {
  readonly code = 'log_overloaded';
  readonly retryable = true;
}

/** The log could not be written or read. What a failed append wrote, if anything, may stand on the log. */
export class LogUnavailable extends Error {
  readonly code = 'log_unavailable';
  readonly retryable = true;
}

/** An append-only log of partitioned topics, read by groups that each remember how far they are. */
export interface Log {
  /**
   * Appends messages in their order, all in one topic. Resolves once they are durable, with their places,
   * message by message. Throws LogOverloaded or LogUnavailable. Aborting does not take back what is written.
   */
  append(topic: string, messages: readonly Message[], signal: AbortSignal): Promise<Place[]>;
  /** Joins a group. Each partition is handled by one member at a time, one batch after the other. */
  consume(options: ConsumerOptions): Promise<Consumer>;
  /** The offset that the next record of each partition will have. */
  ends(topic: string, signal: AbortSignal): Promise<number[]>;
  /** The offset that a group will be handed next, for each partition. */
  committed(group: string, topic: string, signal: AbortSignal): Promise<number[]>;
  /** The offset of the first record that each partition holds, or will hold: what came before has left the log. */
  starts(topic: string, signal: AbortSignal): Promise<number[]>;
  /**
   * Has a group go on at an offset of a partition, backwards or forwards. Throws LogUnavailable where the group has
   * members, whose position it would not be.
   */
  moveTo(group: string, place: Place, signal: AbortSignal): Promise<void>;
  /** Up to `max` records of a partition from an offset on. */
  read(place: Place, max: number, signal: AbortSignal): Promise<LogRecord[]>;
  close(): Promise<void>;
}

/** What the origin asks of a log: how far the views are, and to take what was answered. */
export type SideLog = Pick<Log, 'committed' | 'append'>;

/** What a log tells of how far its groups are. */
export type Progress = Pick<Log, 'committed'>;
