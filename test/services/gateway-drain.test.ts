import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { readEvent } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { keepPosting, SIGNING_KEY } from '../ingest/posting.ts';
import { allRecords } from '../ingest/signed-requests.ts';
import { startTier } from '../support/tier.ts';
import { onService } from './on-service.ts';
import { newPrefix, openTestLog, testOptions } from './support-kafka.ts';

onService({ name: 'Kafka', variable: 'KAFKA_BROKERS', up: 'kafka' }, (addresses) => {
  const brokers = addresses.split(',');
  // As the environment may have one.
  const prefix = newPrefix(brokers, `drain_${randomUUID().slice(0, 8)}_`);

  test('SIGTERM in mid-load: the gateway before Kafka ends in order, and every event that it acknowledged stands on the log', async () => {
    const options = testOptions(brokers, prefix);
    const { log } = await openTestLog(options);
    const env = {
      KAFKA_BROKERS: addresses,
      KAFKA_PREFIX: prefix,
      KAFKA_PARTITIONS: String(options.topics.partitions),
      KAFKA_REPLICAS: '1',
      GATEWAY_KEYS: JSON.stringify([SIGNING_KEY]),
      OPERATIONS_PORT: '0',
      PORT: '0',
    };
    const { child, urlOf } = await startTier(['ingest/main.ts', 'gateway'], env);
    const posting = await keepPosting(urlOf('gateway'), 8);
    await posting.until(300);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const { acknowledged, answers } = await posting.end();
    expect([...answers].filter((status) => ![202, 503].includes(status))).toEqual([]);

    const records = await allRecords(log, topics.events);
    const there = new Set(records.map(({ value }) => readEvent(value).event.message_id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  });
});
