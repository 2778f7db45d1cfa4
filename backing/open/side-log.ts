import * as v from 'valibot';
import { openKafkaBeside } from '../log/kafka.ts';
import type { Log, SideLog } from '../log/port.ts';
import { BadSettings, type Read } from '../settings.ts';
import { checkKafka, kafkaOptionsOf, kafkaSettings } from './log.ts';
import type { Means } from './port.ts';

/** What who can do without a log needs to know of it; the brokers may be left out. */
export const sideLogSettings = {
  ...kafkaSettings,
  KAFKA_BROKERS: {
    wanted: `${kafkaSettings.KAFKA_BROKERS.wanted}; or left out`,
    schema: v.optional(kafkaSettings.KAFKA_BROKERS.schema),
  },
};

/** The log of this process where it has one, else Kafka; null where neither is there. Throws BadSettings. */
export function openSideLog(
  log: Log | undefined,
  read: Read<typeof sideLogSettings>,
  means: Pick<Means, 'application' | 'report'>,
): (SideLog & { close?(): Promise<void> }) | null {
  if (log) return { committed: log.committed, append: log.append };
  const { KAFKA_BROKERS, ...rest } = read;
  if (!KAFKA_BROKERS) return null;
  const wrong = checkKafka(rest);
  if (wrong) throw new BadSettings(`The configuration is wrong: ${wrong}`);
  return openKafkaBeside(kafkaOptionsOf({ KAFKA_BROKERS, ...rest }, means));
}
