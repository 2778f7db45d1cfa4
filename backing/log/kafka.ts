import { Asker } from './kafka/asker.ts';
import { Lane, type Waiting } from './kafka/lane.ts';
import { join } from './kafka/membership.ts';
import { type KafkaLogOptions, settingsOf } from './kafka/settings.ts';
import { ensureTopics } from './kafka/topics.ts';
import { type Consumer, type ConsumerOptions, type Log, LogUnavailable, type SideLog } from './port.ts';
import { checkTopic } from './topic.ts';

/**
 * The log on Kafka, 3.9 and 4. Makes the contract's topics where they are missing; what is appended is
 * acknowledged by all replicas in sync. Rejects with LogUnavailable where the brokers cannot be reached, and with
 * LogMisconfigured where a topic that is there does not fit.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const settings = settingsOf(options);
  await ensureTopics(settings);
  const asker = new Asker(settings);
  const waiting: Waiting = { bytes: 0 };
  const lanes = new Map<string, Lane>();
  const consumers = new Set<Promise<Consumer>>();
  let closing: Promise<void> | undefined;

  function laneOf(topic: string): Lane {
    const lane = lanes.get(topic) ?? new Lane(topic, settings, waiting);
    lanes.set(topic, lane);
    return lane;
  }

  async function consume(consumer: ConsumerOptions): Promise<Consumer> {
    const joining = join(settings, consumer);
    consumers.add(joining);
    try {
      const { stop } = await joining;
      let stopped: Promise<void> | undefined;
      return {
        stop() {
          stopped ??= stop().finally(() => consumers.delete(joining));
          return stopped;
        },
      };
    } catch (error) {
      consumers.delete(joining);
      throw error;
    }
  }

  async function close(): Promise<void> {
    // Batches in hand may still append: what they write is part of handling them.
    await Promise.allSettled([...consumers].map(async (joining) => (await joining).stop()));
    await Promise.all([...lanes.values()].map((lane) => lane.close(settings.close_timeout_ms)));
    asker.close();
  }

  return {
    async append(topic, messages, signal) {
      checkTopic(topic);
      signal.throwIfAborted();
      if (closing && !lanes.has(topic)) throw new LogUnavailable('The log is closed');
      return laneOf(topic).append(messages, signal);
    },
    async consume(consumer) {
      for (const topic of consumer.topics) checkTopic(topic);
      if (!(consumer.max_records >= 1))
        throw new RangeError('A batch holds at least one record: mend max_records');
      if (closing) throw new LogUnavailable('The log is closed');
      return consume(consumer);
    },
    async ends(topic, signal) {
      checkTopic(topic);
      return asker.ends(topic, signal);
    },
    async committed(group, topic, signal) {
      checkTopic(topic);
      return asker.committed(group, topic, signal);
    },
    async starts(topic, signal) {
      checkTopic(topic);
      return asker.starts(topic, signal);
    },
    async moveTo(group, place, signal) {
      checkTopic(place.topic);
      return asker.moveTo(group, place, signal);
    },
    async read(place, max, signal) {
      checkTopic(place.topic);
      return asker.read(place, max, signal);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/**
 * Kafka for who can do without it: it is reached once it is asked, so that nobody has to wait for that, and makes no topics.
 */
export function openKafkaBeside(options: KafkaLogOptions): SideLog & { close(): Promise<void> } {
  const settings = settingsOf(options);
  const asker = new Asker(settings);
  const waiting: Waiting = { bytes: 0 };
  const lanes = new Map<string, Lane>();
  return {
    async committed(group, topic, signal) {
      checkTopic(topic);
      return asker.committed(group, topic, signal);
    },
    async append(topic, messages, signal) {
      checkTopic(topic);
      signal.throwIfAborted();
      const lane = lanes.get(topic) ?? new Lane(topic, settings, waiting);
      lanes.set(topic, lane);
      return lane.append(messages, signal);
    },
    async close() {
      await Promise.all([...lanes.values()].map((lane) => lane.close(settings.close_timeout_ms)));
      asker.close();
    },
  };
}
