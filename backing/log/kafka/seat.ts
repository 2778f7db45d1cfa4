import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { ConsumerOptions } from '../port.ts';
import { rangeAssigner } from './assigner.ts';
import { openClient } from './client.ts';
import { Handing } from './handing.ts';
import { Lease } from './lease.ts';
import type { Settings } from './settings.ts';

/** How long a rebalance waits for members that have a batch in hand. */
const REBALANCE_MS = 60_000;

/** A place in a group, until it is left, or kafkajs has given it up. */
export type Seat = {
  /** Resolves once the place is taken, and rejects where it cannot be. */
  joined: Promise<void>;
  /** Resolves, with the reason, once it is lost. */
  lost: Promise<unknown>;
  /** Leaves once the batch in hand has ended, and waits at most so long for the brokers then. */
  leave(timeout_ms: number): Promise<void>;
};

/** Takes a place in a group, and hands over what it is given. */
export function takeSeat(settings: Settings, options: ConsumerOptions): Seat {
  const { prefix, session_timeout_ms, heartbeat_ms, fetch_wait_ms } = settings;
  const client = openClient(settings);
  const lease = new Lease(session_timeout_ms);
  const consumer = client.kafka.consumer({
    groupId: prefix + options.group,
    partitionAssigners: [rangeAssigner(settings.topics.partitions)],
    allowAutoTopicCreation: false,
    sessionTimeout: session_timeout_ms,
    // Else another member could be given what is in hand here before the lease is over.
    rebalanceTimeout: Math.max(REBALANCE_MS, session_timeout_ms),
    heartbeatInterval: heartbeat_ms,
    maxWaitTimeInMs: fetch_wait_ms,
    ...(options.max_bytes === undefined ? {} : { maxBytesPerPartition: options.max_bytes }),
    retry: { restartOnFailure: async () => false },
  });
  const handing = new Handing({
    settings,
    consumer: options,
    lease,
    pause: (topic, partition) => unlessEnded(() => consumer.pause([{ topic, partitions: [partition] }])),
    resume: (topic, partition) => unlessEnded(() => consumer.resume([{ topic, partitions: [partition] }])),
  });
  const [joined, lost] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  let isOver = false;

  function lose(error: unknown): void {
    isOver = true;
    handing.revoke();
    joined.reject(error);
    lost.resolve(error);
  }

  const { REQUEST, REQUEST_TIMEOUT, HEARTBEAT, GROUP_JOIN, CRASH } = consumer.events;
  consumer.on(REQUEST, ({ payload: { apiName, sentAt } }) => lease.answered(apiName, Date.now() - sentAt));
  consumer.on(HEARTBEAT, () => lease.confirmed());
  consumer.on(GROUP_JOIN, () => {
    lease.confirmed();
    handing.revoke();
    joined.resolve();
  });
  // kafkajs would go on to ask by the same connection.
  consumer.on(REQUEST_TIMEOUT, ({ payload: { apiName } }) =>
    lose(new Error(`The broker has not answered in time: ${apiName}`)),
  );
  consumer.on(CRASH, ({ payload: { error } }) => lose(error));

  async function run(): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: options.topics.map((topic) => prefix + topic), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => handing.take(payload),
    });
  }
  run().catch(lose);

  async function leave(timeout_ms: number): Promise<void> {
    const ended = handing.stop();
    const leaving = isOver ? undefined : consumer.disconnect().catch(() => {});
    await ended;
    await Promise.race([leaving, sleep(timeout_ms, undefined, { ref: false })]);
    client.kill();
  }

  return { joined: joined.promise, lost: lost.promise, leave };
}

/** A consumer that has ended fetches nothing any more, and refuses to be told what. */
function unlessEnded(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    if (!(error instanceof kafkajs.KafkaJSNonRetriableError)) throw error;
  }
}
