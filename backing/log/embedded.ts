import { setInterval } from 'node:timers/promises';
import type { Clock } from '#contract/clock.ts';
import { errorFields, type Report } from '../http/report.ts';
import { AppendQueue } from './append-queue.ts';
import { BACKOFF, type Backoff } from './backoff.ts';
import { type Chaos, type Disturbance, disturbances } from './chaos.ts';
import { Group } from './group.ts';
import { KEPT_MS } from './kept.ts';
import { type Consumer, type ConsumerOptions, type Log, LogUnavailable } from './port.ts';
import { type Append, openStore, PARTITIONS } from './store.ts';
import { sweep } from './sweep.ts';
import { checkTopic } from './topic.ts';

export type EmbeddedLogOptions = {
  /** The log's own SQLite file, or `:memory:`. One process at a time may have it open: see openFolder. */
  file: string;
  clock?: Clock;
  /** How many bytes of messages may wait to be written before appends are refused. */
  pending_bytes?: number;
  /** About how many bytes one transaction takes. */
  group_bytes?: number;
  backoff?: Partial<Backoff>;
  /** Told of each transaction that was written and synced: how many appends shared it, of how many messages. */
  onWritten?(written: { appends: number; messages: number }): void;
  /**
   * Given by who runs all views: what is older than it is kept leaves the log, every so often, once the groups that
   * have members were handed it. What keeps it from that is reported. Without, nothing ever leaves.
   */
  forget?: { report: Report; kept_ms?: number; every_ms?: number } | undefined;
  /** For tests: the disturbances that a log may bring upon its consumers. */
  chaos?: Chaos;
};

const PENDING_BYTES = 64 * 1024 * 1024;
const GROUP_BYTES = 4 * 1024 * 1024;
const SWEEP_MS = 10 * 60_000;

/**
 * The log in one process and one SQLite file, with the semantics of Kafka: 8 partitions a topic by Kafka's own
 * partitioner, contiguous offsets from 0, groups whose members share the partitions out. An append resolves
 * once it is synced. Throws LogUnavailable where the file cannot be opened, and UnknownTopic for a topic that is
 * not the contract's.
 */
export function openLog(options: EmbeddedLogOptions): Log {
  const { file, clock = Date.now, pending_bytes = PENDING_BYTES, group_bytes = GROUP_BYTES } = options;
  const backoff = { ...BACKOFF, ...options.backoff };
  const store = openStore(file, clock);
  const groups = new Map<string, Group>();
  const plans = new Map<string, () => Disturbance | null>();
  let closing: Promise<void> | undefined;

  function write(appends: readonly Append[]) {
    const places = store.append(appends);
    for (const topic of new Set(appends.map((append) => append.topic))) {
      for (const group of groups.values()) group.wake(topic);
    }
    const messages = appends.reduce((sum, append) => sum + append.messages.length, 0);
    options.onWritten?.({ appends: appends.length, messages });
    return places;
  }

  const queue = new AppendQueue({ write, pending_bytes, group_bytes });

  function planOf(name: string): () => Disturbance | null {
    const plan = plans.get(name) ?? (options.chaos ? disturbances(options.chaos, name) : () => null);
    plans.set(name, plan);
    return plan;
  }

  function groupOf(name: string): Group {
    const group = groups.get(name) ?? new Group({ name, store, backoff, disturb: planOf(name) });
    groups.set(name, group);
    return group;
  }

  function check(topic: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    checkTopic(topic);
  }

  function join(consumer: ConsumerOptions): Consumer {
    const group = groupOf(consumer.group);
    const leave = group.join(consumer);
    return {
      async stop() {
        await leave();
        if (group.isEmpty && groups.get(consumer.group) === group) groups.delete(consumer.group);
      },
    };
  }

  const ending = new AbortController();
  const sweeping = options.forget && sweepEvery(options.forget);

  /** Sweeps every so often, one sweep after the other; what is given back resolves once the last has ended. */
  function sweepEvery({
    report,
    kept_ms = KEPT_MS,
    every_ms = SWEEP_MS,
  }: NonNullable<EmbeddedLogOptions['forget']>) {
    const { signal } = ending;
    const run = async () => {
      for await (const _ of setInterval(every_ms, undefined, { signal, ref: false })) {
        // Who runs no view knows of none that it would take records from.
        if (![...groups.values()].some((group) => !group.isEmpty)) continue;
        await sweep({ store, groups: () => [...groups.values()], clock, kept_ms, signal }).catch((error) => {
          if (!signal.aborted) report({ message: 'the log could not be swept', error: errorFields(error) });
        });
      }
    };
    return run().catch((error) => {
      if (!signal.aborted) throw error;
    });
  }

  async function close(): Promise<void> {
    ending.abort();
    await sweeping;
    // Batches in hand may still append: what they write is part of handling them.
    await Promise.all([...groups.values()].map((group) => group.close()));
    queue.close();
    store.close();
  }

  return {
    async append(topic, messages, signal) {
      checkTopic(topic);
      return queue.append(topic, messages, signal);
    },
    async consume(consumer) {
      for (const topic of consumer.topics) checkTopic(topic);
      if (!(consumer.max_records >= 1))
        throw new RangeError('A batch holds at least one record: mend max_records');
      if (closing) throw new LogUnavailable('The log is closed');
      return join(consumer);
    },
    async ends(topic, signal) {
      check(topic, signal);
      return Array.from({ length: PARTITIONS }, (_, partition) => store.end(topic, partition));
    },
    async committed(group, topic, signal) {
      check(topic, signal);
      return store.committed(group, topic);
    },
    async starts(topic, signal) {
      check(topic, signal);
      return Array.from({ length: PARTITIONS }, (_, partition) => store.start(topic, partition));
    },
    async moveTo(group, place, signal) {
      check(place.topic, signal);
      if (groups.get(group)?.isEmpty === false)
        throw new LogUnavailable(`The group ${group} has members: stop them first`);
      store.commit(group, place);
    },
    async read(place, max, signal) {
      check(place.topic, signal);
      return store.read(place, max);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
