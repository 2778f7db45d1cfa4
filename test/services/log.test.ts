import { expect, onTestFinished, test } from 'vitest';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { topics } from '#contract/topics.ts';
import { logContract } from '../ports/log.contract.ts';
import { inbox } from '../ports/log.inbox.ts';
import { onService } from './on-service.ts';
import { bareKafka, fresh, newPrefix, openTestLog, testOptions } from './support-kafka.ts';

const { signal } = new AbortController();

function kafkaTests(name: string, addresses: string): void {
  const brokers = addresses.split(',');
  const prefix = newPrefix(brokers);

  logContract({
    name,
    async open() {
      const openHere = () => openKafkaLog(testOptions(brokers, prefix));
      let log = await openHere();
      return {
        log,
        async reopen() {
          await log.close();
          log = await openHere();
          return log;
        },
        close: () => log.close(),
      };
    },
  });

  async function admin() {
    const admin = bareKafka(brokers).admin();
    await admin.connect();
    onTestFinished(() => admin.disconnect());
    return admin;
  }

  test(`${name}: a topic with another number of partitions is refused with a sentence`, async () => {
    const elsewhere = `${prefix}partitions.`;
    await (await admin()).createTopics({ topics: [{ topic: `${elsewhere}events`, numPartitions: 3 }] });
    await expect(openKafkaLog(testOptions(brokers, elsewhere))).rejects.toMatchObject({
      code: 'log_misconfigured',
      retryable: false,
      message: expect.stringContaining('has 3 partitions, but the configuration says 8'),
    });
  });

  test(`${name}: a topic that would keep or lose other records is refused with a sentence`, async () => {
    const elsewhere = `${prefix}policies.`;
    await (await admin()).createTopics({ topics: [{ topic: `${elsewhere}campaigns`, numPartitions: 8 }] });
    await expect(openKafkaLog(testOptions(brokers, elsewhere))).rejects.toMatchObject({
      code: 'log_misconfigured',
      message: expect.stringContaining('has the cleanup policy "delete", but must have "compact"'),
    });
  });

  test(`${name}: settings under which nothing could be appended are refused before anything is made`, async () => {
    const options = testOptions(brokers, prefix);
    const settings = { ...options.topics, replication_factor: 1, min_insync_replicas: 2 };
    await expect(openKafkaLog({ ...options, topics: settings })).rejects.toMatchObject({
      code: 'log_misconfigured',
    });
  });

  test(`${name}: several that open the log at once make its topics once`, async () => {
    const elsewhere = `${prefix}together.`;
    const logs = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() => openTestLog(testOptions(brokers, elsewhere))),
    );
    for (const { log } of logs)
      expect(await log.ends(topics.campaigns, signal)).toEqual(new Array(8).fill(0));
  });

  test(`${name}: an append of more than one request may hold is written in its order`, async () => {
    const { log } = await openTestLog(testOptions(brokers, prefix));
    const value = (at: number) => new Uint8Array(100 + (at % 7) * 100).fill(at % 256);
    const messages = fresh(6_000).map(({ key }, at) => ({ key: at % 2 ? key : 'even', value: value(at) }));
    const places = await log.append(topics.imports, messages, signal);
    expect(places).toHaveLength(6_000);
    for (const at of [0, 1, 999, 1_000, 1_001, 2_345, 5_998, 5_999]) {
      const [record] = await log.read(places[at] as (typeof places)[0], 1, signal);
      expect(record?.key).toBe(messages[at]?.key);
      expect(Buffer.compare(record?.value as Uint8Array, messages[at]?.value as Uint8Array)).toBe(0);
    }
    const even = places.filter((_, at) => at % 2 === 0).map(({ offset }) => offset);
    expect(even).toEqual([...even].sort((a, b) => a - b));
  });

  test(`${name}: a message that no topic takes is refused, and nothing of its append is written`, async () => {
    const { log } = await openTestLog(testOptions(brokers, prefix));
    const before = await log.ends(topics.deadLetters, signal);
    const messages = [...fresh(3), { key: 'large', value: new Uint8Array(1_000_001) }];
    await expect(log.append(topics.deadLetters, messages, signal)).rejects.toMatchObject({
      code: 'message_too_large',
      retryable: false,
    });
    expect(await log.ends(topics.deadLetters, signal)).toEqual(before);
  });

  test(`${name}: a group whose next records have expired goes on with what is left`, async () => {
    const elsewhere = `${prefix}expired.`;
    const { log } = await openTestLog(testOptions(brokers, elsewhere));
    const [early, late] = [fresh(10, () => 'one'), fresh(10, () => 'one')];
    const consume = async (until: number) => {
      const got = inbox<string>(signal);
      const handle = async ({ records }: { records: readonly { key: string }[] }) =>
        records.forEach(({ key }) => void got.push(key));
      const { stop } = await log.consume({
        group: 'reader',
        topics: [topics.events],
        max_records: 4,
        handle,
        onError: () => {},
      });
      await got.until(({ length }) => length === until);
      await stop();
      return got.items;
    };
    const [first] = await log.append(topics.events, early, signal);
    await consume(10);
    const partition = first?.partition as number;
    const places = await log.append(
      topics.events,
      [...early, ...late].map(({ value }) => ({ key: early[0]?.key as string, value })),
      signal,
    );
    const offset = String(places[10]?.offset);
    const [topic, kafka] = [`${elsewhere}${topics.events}`, await admin()];
    // Otherwise kafkajs has not heard of the topic.
    await kafka.fetchTopicOffsets(topic);
    await kafka.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
    expect(await log.read({ topic: topics.events, partition, offset: 0 }, 100, signal)).toHaveLength(10);
    expect(await consume(10)).toHaveLength(10);
    expect((await log.committed('reader', topics.events, signal))[partition]).toBe(30);
    expect((await log.committed('another', topics.events, signal))[partition]).toBe(20);
  });
}

onService({ name: 'Kafka 4', variable: 'KAFKA_BROKERS', up: 'kafka' }, (addresses) =>
  kafkaTests('kafka 4', addresses),
);

// Asked for by name, as its service is.
const older = process.env['KAFKA3_BROKERS'];
if (older) kafkaTests('kafka 3.9', older);
else console.warn('SKIPPED, no Kafka 3.9: KAFKA3_BROKERS is not set (npm run services -- up kafka3)');
