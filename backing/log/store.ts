import { readFileSync } from 'node:fs';
import type { Clock } from '#contract/clock.ts';
import { addColumn, openDatabase, scrub, transaction } from '../sqlite.ts';
import { partitionOf } from './partition.ts';
import { type LogRecord, LogUnavailable, type Message, type Place } from './port.ts';
import { TOPICS } from './topic.ts';

/** How many partitions each topic has. */
export const PARTITIONS = 8;

export type Append = { topic: string; messages: readonly Message[] };

/** The log's file. Every call is synchronous, and throws LogUnavailable where SQLite cannot do it. */
export type Store = {
  /** Writes all appends in one transaction, and so with one sync. Their places, append by append. */
  append(appends: readonly Append[]): Place[][];
  /** Up to `max` records, and about `max_bytes` of values, but at least one record. */
  read(place: Place, max: number, max_bytes?: number): LogRecord[];
  /** Where the first record stands that is there; where the next one will, of a partition that has none. */
  start(topic: string, partition: number): number;
  end(topic: string, partition: number): number;
  /** Where the first record stands that was appended at a moment or after it; the end where there is none. */
  since(topic: string, partition: number, appended_ms: number): number;
  /** Takes away the first records of a partition up to an offset, `max` of them at most, and tells how many went. */
  removeBefore(place: Place, max: number): number;
  /** Sees to it that what was taken away stands nowhere in the files. */
  scrub(): void;
  committed(group: string, topic: string): number[];
  /** Survives the death of the process at once, and the loss of power with the next append. */
  commit(group: string, { topic, partition, offset }: Place): void;
  close(): void;
};

const schema = readFileSync(new URL('./log.sql', import.meta.url), 'utf8');

type Row = {
  offset: number;
  appended_ms: number;
  key: string;
  value: Uint8Array;
  traceparent: string | null;
};

export function openStore(file: string, clock: Clock): Store {
  const db = attempt(`The log ${file} cannot be opened`, () =>
    openDatabase(file, { synchronous: 'full', schema }),
  );
  attempt(`The log ${file} cannot be brought up to date`, () =>
    addColumn(db, 'record', 'traceparent', 'TEXT'),
  );
  const insert = db.prepare(
    `INSERT INTO record (topic, partition, offset, appended_ms, key, value, traceparent)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const select = db.prepare(
    `SELECT offset, appended_ms, key, value, traceparent FROM record
     WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?`,
  );
  const last = db.prepare('SELECT max(offset) AS offset FROM record WHERE topic = ? AND partition = ?');
  const young = db.prepare(
    `SELECT offset FROM record WHERE topic = ? AND partition = ? AND appended_ms >= ? ORDER BY offset LIMIT 1`,
  );
  const remove = db.prepare('DELETE FROM record WHERE topic = ? AND partition = ? AND offset < ?');
  const begin = db.prepare('INSERT OR REPLACE INTO beginning VALUES (?, ?, ?)');
  const progress = db.prepare(
    'SELECT partition, committed FROM progress WHERE consumer_group = ? AND topic = ?',
  );
  const advance = db.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)');

  const none = () => new Map(TOPICS.map((topic) => [topic, new Array<number>(PARTITIONS).fill(0)]));
  const starts = none();
  for (const { topic, partition, offset } of db.prepare('SELECT * FROM beginning').all() as Place[])
    starts.get(topic)?.splice(partition, 1, offset);
  const startOf = (topic: string, partition: number) => starts.get(topic)?.[partition] ?? 0;
  let ends = none();
  for (const [topic, offsets] of ends)
    for (const partition of offsets.keys()) {
      const { offset } = last.get(topic, partition) as { offset: number | null };
      offsets[partition] = offset === null ? startOf(topic, partition) : offset + 1;
    }

  return {
    append(appends) {
      const next = new Map([...ends].map(([topic, offsets]) => [topic, [...offsets]]));
      const appended_ms = clock();
      const write = ({ topic, messages }: Append) => {
        const offsets = next.get(topic) as number[];
        return messages.map(({ key, value, traceparent }) => {
          const partition = partitionOf(key, PARTITIONS);
          const offset = offsets[partition] as number;
          insert.run(topic, partition, offset, appended_ms, key, value, traceparent ?? null);
          offsets[partition] = offset + 1;
          return { topic, partition, offset };
        });
      };
      const places = attempt('The log could not be written', () => transaction(db, () => appends.map(write)));
      ends = next;
      return places;
    },

    read({ topic, partition, offset }, max, max_bytes) {
      const rows = attempt('The log could not be read', () =>
        max_bytes === undefined
          ? (select.all(topic, partition, offset, max) as Row[])
          : upTo(max_bytes, select.iterate(topic, partition, offset, max) as Iterable<Row>),
      );
      return rows.map((row) => ({
        topic,
        partition,
        offset: row.offset,
        key: row.key,
        value: row.value,
        appended_ms: row.appended_ms,
        ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
      }));
    },

    start: startOf,

    end: (topic, partition) => ends.get(topic)?.[partition] ?? 0,

    since(topic, partition, appended_ms) {
      const row = attempt('The log could not be read', () => young.get(topic, partition, appended_ms));
      return (row?.offset as number | undefined) ?? ends.get(topic)?.[partition] ?? 0;
    },

    removeBefore({ topic, partition, offset }, max) {
      const start = startOf(topic, partition);
      const before = Math.min(offset, start + max);
      if (before <= start) return 0;
      attempt('The log could not be swept', () =>
        transaction(db, () => {
          remove.run(topic, partition, before);
          begin.run(topic, partition, before);
        }),
      );
      starts.get(topic)?.splice(partition, 1, before);
      return before - start;
    },

    scrub: () => attempt('The log could not be swept', () => scrub(db)),

    committed(group, topic) {
      const offsets = Array.from({ length: PARTITIONS }, (_, partition) => startOf(topic, partition));
      const rows = attempt('The log could not be read', () => progress.all(group, topic));
      // A position that has left the log is told as it is until a member joins: who must not miss anything has to see it.
      for (const row of rows) offsets[row.partition as number] = row.committed as number;
      return offsets;
    },

    commit(group, { topic, partition, offset }) {
      attempt('Progress could not be written', () => {
        // A lost commit is a redelivery, which is allowed; a sync of its own would cost more than that.
        db.exec('PRAGMA synchronous = normal');
        try {
          advance.run(group, topic, partition, offset);
        } finally {
          db.exec('PRAGMA synchronous = full');
        }
      });
    },

    close: () => db.close(),
  };
}

function upTo(max_bytes: number, rows: Iterable<Row>): Row[] {
  const taken: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.value.byteLength;
    if (taken.length > 0 && bytes > max_bytes) break;
    taken.push(row);
  }
  return taken;
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new LogUnavailable(`${what}: ${(cause as Error).message}`, { cause });
  }
}
