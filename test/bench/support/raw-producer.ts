import { Kafka, logLevel } from 'kafkajs';
import { eventRecord } from '#contract/envelope.ts';
import type { Event } from '#contract/event.ts';
import { conversation } from './conversation.ts';

/**
 * The floor of writing to Kafka: a bare kafkajs producer, idempotent and acknowledged by all, with so many writers
 * that each send such records as ours, already made, batch by batch. It tells how many a second, and its CPU.
 */
const [broker, topic, batch, writers, total] = process.argv.slice(2) as [string, string, ...string[]];

const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  topics: [{ topic, numPartitions: 8, replicationFactor: 1 }],
  waitForLeaders: true,
});
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
await producer.connect();
const accepted_at = new Date().toISOString();
const records = (conversation('raw', Number(total)) as Event[]).map((event) => {
  const { key, value } = eventRecord({ tenant_id: 'bench', accepted_at, event });
  return { key, value: Buffer.from(value) };
});

const [begun, before] = [performance.now(), process.cpuUsage()];
let at = 0;
const writer = async () => {
  for (let from = at; from < records.length; from = at) {
    at += Number(batch);
    await producer.send({ topic, acks: -1, messages: records.slice(from, from + Number(batch)) });
  }
};
await Promise.all(Array.from({ length: Number(writers) }, writer));
const took_s = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(before);
await admin.deleteTopics({ topics: [topic] });
await Promise.all([producer.disconnect(), admin.disconnect()]);
process.send?.({ per_s: records.length / took_s, cpu_us: (user + system) / records.length });
process.disconnect();
