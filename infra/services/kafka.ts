import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { complete, isComplete } from './completed.ts';
import { giveTo } from './give-to.ts';
import { mavenInstall } from './maven.ts';
import type { Place } from './place.ts';
import type { Ports } from './ports.ts';
import type { Service } from './service.ts';
import { HOST } from './tcp.ts';

type Of = {
  name: string;
  version: string;
  usual: boolean;
  ports: Ports & { controller: number };
  variable: string;
};

const HEAP = '512m';
const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** One node of Apache Kafka from its Maven artifacts: broker and controller in one process. */
function kafkaOf({ name, version, usual, ports, variable }: Of): Service {
  const folder = ({ installs }: Place) => join(installs, `kafka-${version}`);
  const classes = (place: Place) => ['-cp', join(folder(place), 'libs', '*')];

  return {
    name,
    about: `Kafka ${version}`,
    usual,
    ports,
    stopSignal: 'SIGTERM',

    installed: async (place) => (isComplete(folder(place)) ? version : null),

    async install(place) {
      await complete(folder(place), async () => {
        const artifacts = [
          `org.apache.kafka:kafka_2.13:${version}`,
          'org.slf4j:slf4j-simple:1.7.36',
        ] as const;
        await mavenInstall(place, folder(place), artifacts);
        const libs = join(folder(place), 'libs');
        // 3.9 brings a second binding of its log, which has no settings here and would be silent.
        for (const jar of readdirSync(libs)) if (jar.startsWith('slf4j-reload4j')) rmSync(join(libs, jar));
      });
    },

    async start(place) {
      giveTo(place.data, undefined);
      const settings = join(place.data, 'server.properties');
      writeFileSync(settings, properties(place));
      if (!existsSync(join(place.data, 'logs', 'meta.properties'))) {
        const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', settings];
        await place.run('java', ['-Xmx256m', QUIET, ...classes(place), ...format]);
      }
      const java = [`-Xms${HEAP}`, `-Xmx${HEAP}`, '-XX:+UseG1GC', QUIET, ...classes(place)];
      return { command: 'java', args: [...java, 'kafka.Kafka', settings] };
    },

    async ready({ main }, signal) {
      const brokers = [`${HOST}:${main}`];
      const retry = { retries: 0 };
      const client = new Kafka({ brokers, retry, logLevel: logLevel.NOTHING, connectionTimeout: 2_000 });
      const admin = client.admin();
      const end = () => void admin.disconnect().catch(() => {});
      signal.addEventListener('abort', end, { once: true });
      try {
        await admin.connect();
        const { brokers: alive } = await admin.describeCluster();
        if (alive.length === 0) throw new Error('No broker has registered yet');
      } finally {
        signal.removeEventListener('abort', end);
        await admin.disconnect();
      }
    },

    env: ({ main }) => ({ [variable]: `${HOST}:${main}` }),
  };
}

/** Any name will do, so long as it stays: 16 bytes in base64. */
const CLUSTER = 'ZWRnZXdpc2Uta2Fma2EtMQ';

function properties({ data, ports }: Place): string {
  const controller = `${HOST}:${ports['controller']}`;
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    listeners: `PLAINTEXT://${HOST}:${ports.main},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${ports.main}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(data, 'logs'),
    // A topic that nobody configured would have the wrong number of partitions.
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 8,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    // A group with one member need not wait for others.
    'group.initial.rebalance.delay.ms': 0,
    'log.segment.bytes': 64 * 1024 * 1024,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

export const kafka = kafkaOf({
  name: 'kafka',
  version: '4.4.0',
  usual: true,
  ports: { main: 29092, controller: 29093 },
  variable: 'KAFKA_BROKERS',
});

/** The last of the line before; only run when it is asked for by name. */
export const kafka3 = kafkaOf({
  name: 'kafka3',
  version: '3.9.2',
  usual: false,
  ports: { main: 29192, controller: 29193 },
  variable: 'KAFKA3_BROKERS',
});
