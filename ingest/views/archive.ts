import type { Archivable, Archive } from '#backing/archive/port.ts';
import type { Log } from '#backing/log/port.ts';
import { groups, topics, viewTopics } from '#contract/topics.ts';
import type { View } from './view.ts';

/** Up to how many records, and bytes, and from how long a time, one entry of the archive has. */
const [MAX_RECORDS, MAX_BYTES, LINGER_MS] = [32_000, 16 * 1024 * 1024, 300_000];

/**
 * Everything that was on the log, in files of some size: what cannot be read too, since a later build may. Where
 * the archive ends says what is still to be written, whatever the group has committed.
 */
export function archiveView({
  archive,
  log,
  linger_ms = LINGER_MS,
}: {
  archive: Archive;
  log: Log;
  /** How long a record may wait for others to share its file. */
  linger_ms?: number | undefined;
}): View {
  return {
    group: groups.archive,
    topics: viewTopics,
    max_records: MAX_RECORDS,
    max_bytes: MAX_BYTES,
    linger_ms,
    behind_answers: true,
    takes_unreadable: true,
    // Its files are of many people: they are rewritten one and all, by the archive itself.
    async forget() {},
    async write({ events, campaigns, deletions, bad }, { signal, stillOurs }) {
      const unread = bad.map(({ record }) => ({ record, envelope: null }));
      const records: Archivable[] = [...events, ...campaigns, ...deletions, ...unread].sort(
        (a, b) => a.record.offset - b.record.offset,
      );
      const [first] = records;
      if (!first) return;
      const { topic, partition, offset } = first.record;
      let from = offset;
      if (topic === topics.campaigns) {
        // Compacted: the log holds nothing from where the group stood up to the first record.
        const committed = (await log.committed(groups.archive, topic, signal))[partition] ?? offset;
        from = Math.min(offset, committed);
        stillOurs();
      }
      await archive.append({ topic, partition, from, records }, signal);
    },
  };
}
