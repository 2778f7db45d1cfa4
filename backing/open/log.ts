import { openLog } from '../log/embedded.ts';
import { kafkaAccess } from '../log/kafka/access.ts';
import type { KafkaLogOptions } from '../log/kafka/settings.ts';
import { openKafkaLog } from '../log/kafka.ts';
import type { Log } from '../log/port.ts';
import { type Read, setting } from '../settings.ts';
import { embedded, type Means, port, shared } from './port.ts';

export const kafkaSettings = {
  KAFKA_BROKERS: setting.kafka_brokers,
  KAFKA_PREFIX: setting.kafka_prefix,
  KAFKA_PARTITIONS: setting.kafka_partitions,
  KAFKA_REPLICAS: setting.kafka_replicas,
  KAFKA_TLS: setting.kafka_tls,
  KAFKA_CA: setting.kafka_ca,
  KAFKA_CERT: setting.kafka_cert,
  KAFKA_KEY: setting.kafka_key,
  KAFKA_SASL: setting.kafka_sasl,
  KAFKA_USER: setting.kafka_user,
  KAFKA_PASSWORD: setting.kafka_password,
} as const;
export type KafkaSettings = Read<typeof kafkaSettings>;

/** The log's options, by what was read. */
export function kafkaOptionsOf(
  read: KafkaSettings,
  { application, report }: Pick<Means, 'application' | 'report'>,
): KafkaLogOptions {
  const { KAFKA_BROKERS, KAFKA_PREFIX, KAFKA_PARTITIONS, KAFKA_REPLICAS } = read;
  return {
    brokers: KAFKA_BROKERS,
    client_id: application,
    prefix: KAFKA_PREFIX,
    topics: {
      partitions: KAFKA_PARTITIONS,
      replication_factor: KAFKA_REPLICAS,
      // So that one copy may be missing, where there is more than one.
      min_insync_replicas: Math.max(1, KAFKA_REPLICAS - 1),
    },
    ...kafkaAccess({
      tls: read.KAFKA_TLS,
      ca: read.KAFKA_CA,
      cert: read.KAFKA_CERT,
      key: read.KAFKA_KEY,
      sasl: read.KAFKA_SASL,
      user: read.KAFKA_USER,
      password: read.KAFKA_PASSWORD,
    }),
    report,
  };
}

/** Says what is wrong with the settings beside one another; null where nothing is. */
export function checkKafka(read: Omit<KafkaSettings, 'KAFKA_BROKERS'>): string | null {
  const { KAFKA_TLS, KAFKA_CA, KAFKA_CERT, KAFKA_KEY, KAFKA_SASL, KAFKA_USER, KAFKA_PASSWORD } = read;
  if (!KAFKA_TLS && (KAFKA_CA ?? KAFKA_CERT ?? KAFKA_KEY))
    return 'KAFKA_CA, KAFKA_CERT and KAFKA_KEY need KAFKA_TLS=true';
  if (!KAFKA_CERT !== !KAFKA_KEY) return 'KAFKA_CERT and KAFKA_KEY come together';
  if (KAFKA_SASL && !(KAFKA_USER && KAFKA_PASSWORD)) return 'KAFKA_SASL needs KAFKA_USER and KAFKA_PASSWORD';
  if (!KAFKA_SASL && (KAFKA_USER ?? KAFKA_PASSWORD)) return 'KAFKA_USER and KAFKA_PASSWORD need KAFKA_SASL';
  return null;
}

const kafka = shared({
  settings: kafkaSettings,
  check: checkKafka,
  open: (read, means): Promise<Log> => openKafkaLog(kafkaOptionsOf(read, means)),
});

export const log = port({
  variable: 'LOG',
  users: ['gateway', 'views'],
  parts: {
    kafka,
    embedded: embedded({
      in_folder: true,
      open: ({ path, clock, report, keeps_views }): Log =>
        openLog({ file: path('log.db'), clock, forget: keeps_views ? { report } : undefined }),
    }),
  },
});
