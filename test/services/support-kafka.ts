import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, onTestFinished } from 'vitest';
import type { KafkaLogOptions } from '#backing/log/kafka/settings.ts';
import { openKafkaLog } from '#backing/log/kafka.ts';
import type { Log, Message } from '#backing/log/port.ts';

const PARTITIONS = 8;

/** A kafkajs of its own, beside those under test. */
export const bareKafka = (brokers: readonly string[]) =>
  new Kafka({ clientId: 'bystander', brokers: [...brokers], logLevel: logLevel.NOTHING });

/** What tests open their logs with: topics that no other run has, and waits that are over soon. */
export function testOptions(brokers: readonly string[], prefix: string): KafkaLogOptions {
  return {
    brokers,
    client_id: 'test',
    prefix,
    topics: { partitions: PARTITIONS, replication_factor: 1, min_insync_replicas: 1 },
    report: () => {},
    heartbeat_ms: 100,
    fetch_wait_ms: 50,
    backoff: { base_ms: 1, max_ms: 2 },
  };
}

/** A name for the topics and groups of this run, which are deleted once all tests of the file have run. */
export function newPrefix(brokers: readonly string[], prefix = `test-${randomUUID()}.`): string {
  afterAll(() => deleteTopics(brokers, prefix));
  return prefix;
}

/** A log that is closed when the test has finished, and what it reports. */
export async function openTestLog(options: KafkaLogOptions) {
  const reports: Readonly<Record<string, unknown>>[] = [];
  const log: Log = await openKafkaLog({ ...options, report: (line) => void reports.push(line) });
  onTestFinished(() => log.close());
  return { log, reports };
}

async function deleteTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = bareKafka(brokers).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  await admin.deleteTopics({ topics });
  await admin.disconnect();
}

/** Messages of keys that no other test or run has. */
export function fresh(count: number, key: (at: number) => string = String): Message[] {
  const run = randomUUID();
  return Array.from({ length: count }, (_, at) => ({
    key: `${run} ${key(at)}`,
    value: Buffer.from(`${at}`),
  }));
}
