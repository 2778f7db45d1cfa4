import { openClient } from '#backing/log/kafka/client.ts';
import { unavailable } from '#backing/log/kafka/errors.ts';
import { settingsOf } from '#backing/log/kafka/settings.ts';
import { type KafkaSettings, kafkaOptionsOf } from '#backing/open/log.ts';
import type { Remove } from './remove.ts';

export const removeTopics: Remove = async (read, means) => {
  const settings = settingsOf(kafkaOptionsOf(read as KafkaSettings, means));
  const ours = (name: string) => name.startsWith(settings.prefix);
  const client = openClient(settings);
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.listGroups();
    const names = groups.map(({ groupId }) => groupId).filter(ours);
    if (names.length > 0) await admin.deleteGroups(names);
    const topics = (await admin.listTopics()).filter(ours);
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.disconnect();
  } catch (error) {
    throw unavailable('The topics could not be removed', error);
  } finally {
    client.kill();
  }
};
