import type { Archivable } from '#backing/archive/port.ts';
import type { Deletions } from '#backing/deletions/port.ts';
import { forgottenKey } from '#backing/forgotten.ts';
import type { Log } from '#backing/log/port.ts';
import type { Observed } from '#backing/telemetry/calls.ts';
import { type Forgotten, livedAt } from '#contract/deletion.ts';
import { composite } from '#contract/ids.ts';
import { groups, topics, viewTopics } from '#contract/topics.ts';
import { observedStores, type Written } from './observed-stores.ts';
import type { Records } from './read-records.ts';
import type { View } from './view.ts';

/** Up to how many records, and bytes, and from how long a time, one entry of the archive has. */
const [MAX_RECORDS, MAX_BYTES, LINGER_MS] = [32_000, 16 * 1024 * 1024, 300_000];

/**
 * Everything that was on the log, in files of some size: what cannot be read too, since a later build may. Where
 * the archive ends says what is still to be written, whatever the group has committed.
 */
export function archiveView({
  log,
  deletions: known,
  linger_ms = LINGER_MS,
  meter,
  traces,
  ...stores
}: {
  archive: Written['archive'];
  log: Log;
  /** Tells who was forgotten, of whom something may come late; without it that is archived like all else. */
  deletions?: Deletions | undefined;
  /** How long a record may wait for others to share its file. */
  linger_ms?: number | undefined;
} & Observed): View {
  const archive = observedStores({ meter, traces }).archive(stores.archive);
  return {
    group: groups.archive,
    topics: viewTopics,
    max_records: MAX_RECORDS,
    max_bytes: MAX_BYTES,
    linger_ms,
    behind_answers: true,
    takes_unreadable: true,
    async forget(people, signal) {
      await archive.forget(people, signal);
    },
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
      const late = known ? await forgottenBefore(events, known, signal) : [];
      stillOurs();
      if (late.length > 0) await archive.forget(late, signal);
    },
  };
}

/**
 * Whose of the events were forgotten after them: the archive remembers nobody, and a file can't be written without
 * what covers its offsets, so they are taken out again.
 */
async function forgottenBefore(
  events: Records['events'],
  deletions: Deletions,
  signal: AbortSignal,
): Promise<Forgotten[]> {
  const people = new Map<string, { tenant_id: string; user_id: string; earliest: string }>();
  for (const { envelope } of events) {
    const { tenant_id, accepted_at, event } = envelope;
    const { user_id, occurred_at } = event;
    const lived_at = livedAt({ accepted_at, occurred_at });
    const who = composite(tenant_id, user_id);
    const before = people.get(who);
    if (!before || lived_at < before.earliest) people.set(who, { tenant_id, user_id, earliest: lived_at });
  }
  const keyed = [...people.values()].map((one) => ({
    ...one,
    key: forgottenKey(one.tenant_id, one.user_id),
  }));
  const since = await deletions.since(
    keyed.map(({ key }) => key),
    signal,
  );
  return keyed.flatMap(({ tenant_id, user_id, earliest, key }) => {
    const forgotten_at = since.get(key);
    return forgotten_at !== undefined && earliest <= forgotten_at
      ? [{ tenant_id, user_id, forgotten_at }]
      : [];
  });
}
