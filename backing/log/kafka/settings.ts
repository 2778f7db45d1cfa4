import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { Report } from '../../http/report.ts';
import { BACKOFF, type Backoff } from '../backoff.ts';
import { KEPT_MS } from '../kept.ts';

/** Where a broker listens. */
type Address = { host: string; port: number };

type TopicSettings = {
  /** Of every topic, for good: with another count, keys would move, and lose their order and their twins. */
  partitions: number;
  /** 3 in production. */
  replication_factor: number;
  /** How many replicas must have a record before it is acknowledged: 2 in production, so that one may fail. */
  min_insync_replicas: number;
  /** How long events are kept. */
  retention_ms?: number;
};

export type KafkaLogOptions = {
  /** `host:port` of some of the brokers; the others are learnt from them. */
  brokers: readonly string[];
  client_id: string;
  topics: TopicSettings;
  /** Stands before the names of topics and groups, so that several logs share one cluster. */
  prefix?: string;
  sasl?: SASLOptions;
  tls?: ConnectionOptions | boolean;
  report: Report;
  /** Where a broker is reached, in networks in which that is not where it says that it listens. */
  route?(advertised: Address): Address;
  /** How many bytes of messages may wait to be written before appends are refused. */
  pending_bytes?: number;
  /** How long an append may wait for its turn, and then for its acknowledgement, until it fails. */
  delivery_timeout_ms?: number;
  /** How long a member of a group may be unheard of before its partitions go to others. */
  session_timeout_ms?: number;
  heartbeat_ms?: number;
  /** How long the brokers wait for records before they answer that there are none. */
  fetch_wait_ms?: number;
  /** How long `close` and `stop` wait for the brokers, once the batches in hand have ended. */
  close_timeout_ms?: number;
  backoff?: Partial<Backoff>;
};

export type Settings = Required<Omit<KafkaLogOptions, 'sasl' | 'tls' | 'backoff' | 'topics'>> &
  Pick<KafkaLogOptions, 'sasl' | 'tls'> & { topics: Required<TopicSettings>; backoff: Backoff };

/** The options with what they leave out. */
export function settingsOf(options: KafkaLogOptions): Settings {
  return {
    prefix: '',
    route: (advertised) => advertised,
    pending_bytes: 64 * 1024 * 1024,
    delivery_timeout_ms: 30_000,
    session_timeout_ms: 30_000,
    heartbeat_ms: 3_000,
    fetch_wait_ms: 500,
    close_timeout_ms: 10_000,
    ...options,
    topics: { retention_ms: KEPT_MS, ...options.topics },
    backoff: { ...BACKOFF, ...options.backoff },
  };
}
