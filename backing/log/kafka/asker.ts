import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Cluster } from 'kafkajs';
import { type Backoff, delayAfter } from '../backoff.ts';
import { type LogRecord, LogUnavailable, type Place } from '../port.ts';
import { TOPICS } from '../topic.ts';
import { type Client, openClient } from './client.ts';
import { isMoving, LogMisconfigured, typeOf, unavailable } from './errors.ts';
import { recordOf } from './record.ts';
import type { Settings } from './settings.ts';

const ATTEMPTS = 3;
/** Some 4 s of them: as long as brokers take to agree on who leads a partition. */
const ATTEMPTS_WHILE_MOVING = 8;
const RETRY: Pick<Backoff, 'base_ms' | 'max_ms'> = { base_ms: 50, max_ms: 1_000 };
const FETCH_BYTES = 1024 * 1024;
const READ_UNCOMMITTED = 0;

type Connection = { client: Client; cluster: Cluster; coordinators: Map<string, Promise<Broker>> };

/** A connection, and how many ask by it just now. */
type Shared = { opened: Promise<Connection>; asking: number };

type Fetched = {
  highWatermark: string;
  messages: { offset: string; key: Buffer | null; value: Buffer | null; timestamp: string }[];
};

/** What a log is asked outside of groups and appends, by a connection of its own. */
export class Asker {
  readonly #settings: Settings;
  #connection: Shared | null = null;
  /** Given up; the last who asks by one ends it. */
  readonly #left = new Set<Shared>();
  #closed = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The offset that the next record of each partition will have. */
  async ends(topic: string, signal: AbortSignal): Promise<number[]> {
    return this.#ask(signal, ({ cluster }) => this.#edges(cluster, topic, false));
  }

  /** The offset of the first record of each partition. */
  async starts(topic: string, signal: AbortSignal): Promise<number[]> {
    return this.#ask(signal, ({ cluster }) => this.#edges(cluster, topic, true));
  }

  /** Commits an offset for a group that has no members. */
  async moveTo(group: string, { topic, partition, offset }: Place, signal: AbortSignal): Promise<void> {
    const { prefix } = this.#settings;
    await this.#ask(signal, async (connection) => {
      const groupId = prefix + group;
      const coordinator = await coordinatorOf(connection, groupId);
      await coordinator.offsetCommit({
        groupId,
        // What Kafka takes from somebody who is no member, while there is none.
        groupGenerationId: -1,
        memberId: '',
        topics: [{ topic: prefix + topic, partitions: [{ partition, offset: String(offset) }] }],
      });
    });
  }

  /** The offset that a group will be handed next. Where it has none, the first one there is. */
  async committed(group: string, topic: string, signal: AbortSignal): Promise<number[]> {
    const { prefix } = this.#settings;
    return this.#ask(signal, async (connection) => {
      const { cluster } = connection;
      const groupId = prefix + group;
      const coordinator = await coordinatorOf(connection, groupId);
      const partitions = this.#partitions().map((partition) => ({ partition }));
      // Its type asks for offsets, of which the request has none.
      const topics = [{ topic: prefix + topic, partitions }] as never;
      const { responses } = await coordinator.offsetFetch({ groupId, topics });
      const offsets = this.#inOrder(responses[0]?.partitions ?? []);
      if (offsets.every((offset) => offset >= 0)) return offsets;
      const starts = await this.#edges(cluster, topic, true);
      return offsets.map((offset, partition) => (offset >= 0 ? offset : (starts[partition] as number)));
    });
  }

  /** Up to `max` records from an offset on, or from the first one there is after it. */
  async read({ topic, partition, offset }: Place, max: number, signal: AbortSignal): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    let next = offset;
    while (records.length < max) {
      const { highWatermark, messages } = await this.#ask(signal, ({ cluster }) =>
        this.#fetch(cluster, { topic, partition, offset: next }),
      );
      for (const message of messages.slice(0, max - records.length)) {
        records.push(recordOf(topic, partition, message));
      }
      const last = messages.at(-1);
      if (!last) break;
      next = Number(last.offset) + 1;
      if (next >= Number(highWatermark)) break;
    }
    return records;
  }

  /** Ends whatever it is asked at the time. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#left) end(connection);
    if (this.#connection) end(this.#connection);
  }

  async #fetch(cluster: Cluster, { topic, partition, offset }: Place): Promise<Fetched> {
    const name = this.#settings.prefix + topic;
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(name, [partition]));
    if (!nodeId) throw new LogMisconfigured(`The topic "${name}" has no partition ${partition}`);
    const broker = await cluster.findBroker({ nodeId });
    try {
      return await fetch(broker, { topic: name, partition, offset });
    } catch (error) {
      if (typeOf(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      const start = (await this.#edges(cluster, topic, true))[partition] as number;
      if (offset >= start) return { highWatermark: '0', messages: [] };
      return await fetch(broker, { topic: name, partition, offset: start });
    }
  }

  async #edges(cluster: Cluster, topic: string, fromBeginning: boolean): Promise<number[]> {
    const partitions = this.#partitions().map((partition) => ({ partition }));
    const found = await cluster.fetchTopicsOffset([
      { topic: this.#settings.prefix + topic, fromBeginning, partitions },
    ]);
    return this.#inOrder(found[0]?.partitions ?? []);
  }

  #partitions(): number[] {
    return Array.from({ length: this.#settings.topics.partitions }, (_, partition) => partition);
  }

  #inOrder(found: readonly { partition: number; offset: string }[]): number[] {
    const offsets = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
    return this.#partitions().map((partition) => {
      const offset = offsets.get(partition);
      if (offset === undefined) throw new Error(`The brokers left out partition ${partition}`);
      return offset;
    });
  }

  /** Asks, by a new connection where the old one failed. Throws the signal's reason, or LogUnavailable. */
  async #ask<T>(signal: AbortSignal, question: (connection: Connection) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const gone = Promise.withResolvers<never>();
    gone.promise.catch(ignore);
    const leave = () => gone.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([gone.promise, this.#askAgain(signal, question)]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #askAgain<T>(signal: AbortSignal, question: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw new LogUnavailable('The log is closed');
      this.#connection ??= { opened: this.#connect(), asking: 0 };
      const mine = this.#connection;
      mine.asking++;
      try {
        return await question(await mine.opened);
      } catch (error) {
        if (error instanceof LogMisconfigured) throw error;
        if (this.#connection === mine) this.#leave(mine);
        const attempts = isMoving(error) ? ATTEMPTS_WHILE_MOVING : ATTEMPTS;
        if (attempt >= attempts || signal.aborted) throw unavailable('The log could not be read', error);
      } finally {
        mine.asking--;
        if (mine.asking === 0 && this.#left.delete(mine)) end(mine);
      }
      await sleep(delayAfter(attempt, { ...this.#settings.backoff, ...RETRY }));
    }
  }

  /** Whoever asks from now on has a new connection. Those who ask by this one may be answered yet. */
  #leave(connection: Shared): void {
    this.#connection = null;
    this.#left.add(connection);
  }

  async #connect(): Promise<Connection> {
    const client = openClient(this.#settings);
    try {
      const cluster = clusterOf(client);
      await cluster.connect();
      await cluster.addMultipleTargetTopics(this.#topics());
      return { client, cluster, coordinators: new Map() };
    } catch (error) {
      client.kill();
      throw error;
    }
  }

  #topics(): string[] {
    return TOPICS.map((topic) => this.#settings.prefix + topic);
  }
}

const ignore = () => {};

function end({ opened }: Shared): void {
  opened.then(({ client, cluster }) => {
    client.kill();
    cluster.disconnect().catch(ignore);
  }, ignore);
}

/** Who keeps a group's offsets; found once for a connection. */
function coordinatorOf({ cluster, coordinators }: Connection, groupId: string): Promise<Broker> {
  const finding = coordinators.get(groupId) ?? cluster.findGroupCoordinator({ groupId });
  coordinators.set(groupId, finding);
  return finding;
}

async function fetch(broker: Broker, { topic, partition, offset }: Place): Promise<Fetched> {
  const { responses } = await broker.fetch({
    maxWaitTime: 0,
    minBytes: 0,
    maxBytes: FETCH_BYTES,
    isolationLevel: READ_UNCOMMITTED,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
    rackId: '',
  });
  const { highWatermark, messages }: Fetched = responses[0].partitions[0];
  // A batch comes as a whole, with what stands before the offset in it.
  return { highWatermark, messages: messages.filter((message) => Number(message.offset) >= offset) };
}

/**
 * What speaks to the brokers in kafkajs, without joining a group: kafkajs shows it to assigners alone, and makes
 * those with the consumer.
 */
function clusterOf({ kafka }: Client): Cluster {
  let shown: Cluster | undefined;
  kafka.consumer({
    groupId: 'never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        shown = cluster;
        return { name: 'none', version: 0, assign: async () => [], protocol: () => NO_PROTOCOL };
      },
    ],
  });
  return shown as Cluster;
}
const NO_PROTOCOL = { name: 'none', metadata: Buffer.alloc(0) };
