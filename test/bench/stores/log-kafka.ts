import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { openKafkaLog } from '#backing/log/kafka.ts';
import { partitionOf } from '#backing/log/partition.ts';
import { topics } from '#contract/topics.ts';
import { calling, type StoreBench, type Turn, variable } from '../support/store-bench.ts';

type Place = { prefix: string };

const { signal } = new AbortController();
const [PARTITIONS, BATCH, VALUE] = [8, 500, Buffer.alloc(200, 'x')];
/** Batches there are to consume. */
const FILLED = 400;
const ALL_IN_SYNC = -1;

const brokers = () => variable('KAFKA_BROKERS').split(',');
const bare = () => new Kafka({ clientId: 'bench', brokers: brokers(), logLevel: logLevel.ERROR });
const openLog = (prefix: string) =>
  openKafkaLog({
    brokers: brokers(),
    client_id: 'bench',
    prefix,
    topics: { partitions: PARTITIONS, replication_factor: 1, min_insync_replicas: 1 },
    report: (line) => console.error(JSON.stringify(line)),
  });

const messages = (at: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `["bench","user-${at}-${i}"]`, value: VALUE }));

/** Counts batches; the first is the beginning, since joining a group takes its own time. */
function batches({ calls, meter }: Turn) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let [count, last] = [0, 0n];
  const handled = (records: number) => {
    const now = process.hrtime.bigint();
    if (last === 0n) meter.begin();
    else meter.record(now - last);
    last = now;
    count += records / BATCH;
    if (count < calls) return;
    meter.end();
    resolve();
  };
  return { ended, handled };
}

export const store: StoreBench<Place> = {
  name: 'log on Kafka',
  needs: [{ variable: 'KAFKA_BROKERS', up: 'kafka' }],
  operations: [
    { name: 'append', holds: '1 message of 200 bytes', items: 1, clients: 16 },
    { name: 'append many', holds: `${BATCH} messages of 200 bytes`, items: BATCH, clients: 1 },
    {
      name: 'consume',
      holds: `up to ${BATCH} messages of 200 bytes, committed`,
      items: BATCH,
      clients: 1,
      most: FILLED,
    },
  ],

  async prepare() {
    const prefix = `bench-${randomUUID()}.`;
    const log = await openLog(prefix);
    for (let at = 0; at < FILLED + PARTITIONS; at++)
      await log.append(topics.events, messages(at, BATCH), signal);
    await log.close();
    return {
      place: { prefix },
      async remove() {
        const admin = bare().admin();
        await admin.connect();
        await admin.deleteTopics({ topics: Object.values(topics).map((topic) => prefix + topic) });
        await admin.disconnect();
      },
    };
  },

  async adapter({ prefix }) {
    const log = await openLog(prefix);
    const append = (count: number) =>
      calling((at) => log.append(topics.imports, messages(at, count), signal));
    return {
      work: {
        append: append(1),
        'append many': append(BATCH),
        async consume(turn) {
          const { ended, handled } = batches(turn);
          const { stop } = await log.consume({
            group: randomUUID(),
            topics: [topics.events],
            max_records: BATCH,
            handle: async ({ records }) => handled(records.length),
            onError: (error) => console.error(error),
          });
          await ended;
          await stop();
        },
      },
      close: () => log.close(),
    };
  },

  async raw({ prefix }) {
    const kafka = bare();
    const createPartitioner = () => (args: { message: { key?: unknown } }) =>
      partitionOf(String(args.message.key), PARTITIONS);
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner,
    });
    await producer.connect();
    const topic = prefix + topics.imports;
    const append = (count: number) =>
      calling((at) => producer.send({ topic, messages: messages(at, count), acks: ALL_IN_SYNC }));
    return {
      work: {
        append: append(1),
        'append many': append(BATCH),
        async consume(turn) {
          const { ended, handled } = batches(turn);
          const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 });
          await consumer.connect();
          await consumer.subscribe({ topics: [prefix + topics.events], fromBeginning: true });
          await consumer.run({
            autoCommit: false,
            eachBatchAutoResolve: false,
            async eachBatch({ batch, isStale, resolveOffset, commitOffsetsIfNecessary, heartbeat }) {
              const { partition } = batch;
              for (let at = 0; at < batch.messages.length; at += BATCH) {
                if (isStale()) return;
                const some = batch.messages.slice(at, at + BATCH);
                // As a port hands them over: nobody can use what kafkajs gives as it is.
                const records = some.map(({ key, value, offset, timestamp }) => ({
                  topic: batch.topic,
                  partition,
                  offset: Number(offset),
                  key: String(key),
                  value,
                  appended_ms: Number(timestamp),
                }));
                handled(records.length);
                const { offset } = some.at(-1) as { offset: string };
                resolveOffset(offset);
                const partitions = [{ partition, offset: String(Number(offset) + 1) }];
                await commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] });
                await heartbeat();
              }
            },
          });
          await ended;
          await consumer.disconnect();
        },
      },
      close: () => producer.disconnect(),
    };
  },
};
