import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import { topics } from '#contract/topics.ts';
import { certificateFault } from '../../certificate-fault.ts';
import { keptMs } from '../kept.ts';
import { TOPICS } from '../topic.ts';
import { openClient } from './client.ts';
import { LogMisconfigured, unavailable } from './errors.ts';
import { MAX_MESSAGE_BYTES } from './record.ts';
import type { Settings } from './settings.ts';

/** What a batch adds to its messages, at the most. */
const BATCH_BYTES = 64 * 1024;
/** How often, and after how long, a new topic is looked for. */
const [LOOKS, LOOK_MS] = [50, 100];

/**
 * Makes the contract's topics where they are missing. Throws LogMisconfigured where one that is there, or the
 * configuration itself, cannot be right, and LogUnavailable where the brokers do not answer.
 */
export async function ensureTopics(settings: Settings): Promise<void> {
  checkSettings(settings);
  const client = openClient(settings);
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    await whileNew(async () => {
      const there = new Set(await admin.listTopics());
      const missing = TOPICS.filter((topic) => !there.has(settings.prefix + topic));
      if (missing.length > 0) {
        await admin.createTopics({ topics: missing.map((topic) => described(topic, settings)) });
      }
      await checkPartitions(admin, settings);
      await checkPolicies(admin, settings);
    });
    await admin.disconnect();
  } catch (error) {
    throw (
      refused(settings, error) ??
      unavailable(`Kafka cannot be prepared at ${settings.brokers.join(', ')}`, error)
    );
  } finally {
    client.kill();
  }
}

/** What somebody must mend before the brokers let us in, where it is that. */
function refused({ brokers }: Settings, cause: unknown): LogMisconfigured | null {
  const server = `Kafka at ${brokers.join(', ')}`;
  const untrusted = certificateFault(cause);
  if (untrusted) return new LogMisconfigured(`${server} ${untrusted}: see KAFKA_CA`, { cause });
  if (!isOfSasl(cause)) return null;
  return new LogMisconfigured(`${server} does not let us in: mend KAFKA_SASL, KAFKA_USER or KAFKA_PASSWORD`, {
    cause,
  });
}

/** kafkajs hides it where it ran out of attempts. */
function isOfSasl(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /SASL/.test(`${error.name} ${error.message}`) || isOfSasl(error.cause);
}

/** Tries again while brokers have not heard of a new topic, or have no leader for it yet: errors that Kafka says pass. */
async function whileNew(run: () => Promise<void>): Promise<void> {
  for (let look = 1; ; look++) {
    try {
      return await run();
    } catch (error) {
      const passes = (error as { retriable?: unknown }).retriable === true;
      if (!passes || look === LOOKS) throw error;
      await sleep(LOOK_MS);
    }
  }
}

function checkSettings({ topics: { partitions, replication_factor, min_insync_replicas } }: Settings): void {
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new LogMisconfigured(`${partitions} is no number of partitions: it must be 1 or more`);
  }
  if (!(min_insync_replicas >= 1 && min_insync_replicas <= replication_factor)) {
    throw new LogMisconfigured(
      `With ${replication_factor} replicas, ${min_insync_replicas} can never be in sync: nothing could be appended`,
    );
  }
}

const policyOf = (topic: string) => (topic === topics.campaigns ? 'compact' : 'delete');

function described(topic: string, { prefix, topics: settings }: Settings) {
  const retention_ms = keptMs(topic, settings.retention_ms);
  const config = {
    'cleanup.policy': policyOf(topic),
    'min.insync.replicas': settings.min_insync_replicas,
    'unclean.leader.election.enable': false,
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': MAX_MESSAGE_BYTES + BATCH_BYTES,
    ...(retention_ms === null ? {} : { 'retention.ms': retention_ms }),
  };
  return {
    topic: prefix + topic,
    numPartitions: settings.partitions,
    replicationFactor: settings.replication_factor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value: String(value) })),
  };
}

async function checkPartitions(admin: Admin, settings: Settings): Promise<void> {
  for (let look = 1; ; look++) {
    // Of all topics, since naming one that another broker has not heard of yet is an error.
    const { topics: all } = await admin.fetchTopicMetadata();
    const counts = new Map(all.map(({ name, partitions }) => [name, partitions.length]));
    if (TOPICS.every((topic) => counts.has(settings.prefix + topic))) return refuseOthers(counts, settings);
    if (look === LOOKS) throw new Error('The topics were made, but do not appear');
    await sleep(LOOK_MS);
  }
}

function refuseOthers(counts: ReadonlyMap<string, number>, { prefix, topics: settings }: Settings): void {
  for (const topic of TOPICS) {
    const found = counts.get(prefix + topic);
    if (found === settings.partitions) continue;
    throw new LogMisconfigured(
      `The topic "${prefix}${topic}" has ${found} partitions, but the configuration says ${settings.partitions}: ` +
        'mend the configuration; a topic keeps its count, since keys would move otherwise',
    );
  }
}

async function checkPolicies(admin: Admin, { prefix }: Settings): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: TOPICS.map((topic) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: prefix + topic,
      configNames: ['cleanup.policy'],
    })),
  });
  for (const { resourceName, configEntries } of resources) {
    const wanted = policyOf(resourceName.slice(prefix.length));
    const found = configEntries.find(({ configName }) => configName === 'cleanup.policy')?.configValue;
    if (found === wanted) continue;
    throw new LogMisconfigured(
      `The topic "${resourceName}" has the cleanup policy "${found}", but must have "${wanted}": set its cleanup.policy`,
    );
  }
}
