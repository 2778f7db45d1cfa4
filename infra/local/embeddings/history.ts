import type { Archive } from '#backing/archive/port.ts';
import type { Log, LogRecord } from '#backing/log/port.ts';
import {
  BadEnvelope,
  type DeletionEnvelope,
  type EventEnvelope,
  isDeletion,
  readPersonal,
} from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { reachOf } from '../rebuild/reach.ts';

/** Records of the log that are read at once. */
const PAGE = 1_000;

/** A record of what a person did, or that they left. */
type Personal = { record: LogRecord; envelope: EventEnvelope | DeletionEnvelope };

/** All that a tenant's people ever did, as it is when this is called, and how many records of all tenants that is. */
export type History = { records: number; of(at: (done: number) => void): AsyncGenerator<Personal> };

/**
 * Finds what the archive has, and the log after it, of what people did: live events before imported ones, each partition
 * in its order, so that of an identity the content that counts comes first. What is no envelope is passed over. Throws
 * HistoryLost, and reading it NewerEnvelope, BadDeletion, or what the ports throw.
 */
export async function historyOf(
  tenant_id: string,
  { log, archive }: { log: Log; archive: Archive },
  signal: AbortSignal,
): Promise<History> {
  const stretches: { topic: string; partition: number; archived_to: number; end: number }[] = [];
  let records = 0;
  const reaches = await reachOf('archive', { log, archive }, signal);
  for (const topic of [topics.events, topics.imports]) {
    const ends = await log.ends(topic, signal);
    for (const { partition, archived_to, records: archived } of reaches.filter(
      (one) => one.topic === topic,
    )) {
      const end = ends[partition] ?? 0;
      records += archived + Math.max(0, end - archived_to);
      stretches.push({ topic, partition, archived_to, end });
    }
  }

  async function* read(): AsyncGenerator<LogRecord> {
    for (const { topic, partition, archived_to, end } of stretches) {
      if (archived_to > 0) yield* archive.records({ topic, partition, to: archived_to }, signal);
      for (let offset = archived_to; offset < end; ) {
        const page = await log.read({ topic, partition, offset }, PAGE, signal);
        const last = page.at(-1);
        if (!last) break;
        yield* page.filter((record) => record.offset < end);
        offset = last.offset + 1;
      }
    }
  }

  return {
    records,
    async *of(at) {
      let done = 0;
      for await (const record of read()) {
        if (++done % PAGE === 0) at(done);
        const envelope = readable(record);
        if (envelope?.tenant_id === tenant_id) yield { record, envelope };
      }
    },
  };
}

function readable({ value }: LogRecord): EventEnvelope | DeletionEnvelope | null {
  try {
    return readPersonal(value);
  } catch (error) {
    if (error instanceof BadEnvelope) return null;
    throw error;
  }
}

/** Since when people are forgotten, as their records tell. */
export function forgettings() {
  const since = new Map<string, string>();
  return {
    /** Notes a deletion; true where it is one. */
    note(envelope: EventEnvelope | DeletionEnvelope): envelope is DeletionEnvelope {
      if (!isDeletion(envelope)) return false;
      const { user_id } = envelope.deletion;
      const before = since.get(user_id) ?? '';
      if (envelope.accepted_at > before) since.set(user_id, envelope.accepted_at);
      return true;
    },
    /** True where what lived at that moment is to be nowhere. */
    covers: (user_id: string, lived_at: string) => lived_at <= (since.get(user_id) ?? ''),
    people: () => since.keys(),
  };
}
