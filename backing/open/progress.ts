import * as v from 'valibot';
import { openKafkaProgress } from '../log/kafka.ts';
import type { Log, Progress } from '../log/port.ts';
import { BadSettings, type Read } from '../settings.ts';
import { checkKafka, kafkaOptionsOf, kafkaSettings } from './log.ts';
import type { Means } from './port.ts';

/** What who only asks how far the views are needs to know; the brokers may be left out. */
export const progressSettings = {
  ...kafkaSettings,
  KAFKA_BROKERS: {
    wanted: `${kafkaSettings.KAFKA_BROKERS.wanted}; or left out`,
    schema: v.optional(kafkaSettings.KAFKA_BROKERS.schema),
  },
};

/**
 * How far the views are, by the log of this process where it has one, else by Kafka; null where neither is there. Throws
 * BadSettings.
 */
export function openProgress(
  log: Log | undefined,
  read: Read<typeof progressSettings>,
  means: Pick<Means, 'application' | 'report'>,
): (Progress & { close?(): void }) | null {
  if (log) return { committed: log.committed };
  const { KAFKA_BROKERS, ...rest } = read;
  if (!KAFKA_BROKERS) return null;
  const wrong = checkKafka(rest);
  if (wrong) throw new BadSettings(`The configuration is wrong: ${wrong}`);
  return openKafkaProgress(kafkaOptionsOf({ KAFKA_BROKERS, ...rest }, means));
}
