import { readFileSync } from 'node:fs';
import type { Clock } from '#contract/clock.ts';
import { openDatabase, transaction } from '../sqlite.ts';
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
  committed(group: string, topic: string): number[];
  /** Survives the death of the process at once, and the loss of power with the next append. */
  commit(group: string, { topic, partition, offset }: Place): void;
  close(): void;
};

const schema = readFileSync(new URL('./log.sql', import.meta.url), 'utf8');

type Row = { offset: number; appended_ms: number; key: string; value: Uint8Array };

export function openStore(file: string, clock: Clock): Store {
  const db = attempt(`The log ${file} cannot be opened`, () =>
    openDatabase(file, { synchronous: 'full', schema }),
  );
  const insert = db.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)');
  const select = db.prepare(
    `SELECT offset, appended_ms, key, value FROM record
     WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?`,
  );
  const last = db.prepare('SELECT max(offset) AS offset FROM record WHERE topic = ? AND partition = ?');
  const first = db.prepare('SELECT min(offset) AS offset FROM record WHERE topic = ? AND partition = ?');
  const progress = db.prepare(
    'SELECT partition, committed FROM progress WHERE consumer_group = ? AND topic = ?',
  );
  const advance = db.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)');

  let ends = new Map(
    TOPICS.map((topic) => [
      topic,
      Array.from({ length: PARTITIONS }, (_, partition) => {
        const { offset } = last.get(topic, partition) as { offset: number | null };
        return offset === null ? 0 : offset + 1;
      }),
    ]),
  );

  return {
    append(appends) {
      const next = new Map([...ends].map(([topic, offsets]) => [topic, [...offsets]]));
      const appended_ms = clock();
      const write = ({ topic, messages }: Append) => {
        const offsets = next.get(topic) as number[];
        return messages.map(({ key, value }) => {
          const partition = partitionOf(key, PARTITIONS);
          const offset = offsets[partition] as number;
          insert.run(topic, partition, offset, appended_ms, key, value);
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
      }));
    },

    start(topic, partition) {
      const row = attempt('The log could not be read', () => first.get(topic, partition));
      return (row?.offset as number | null) ?? ends.get(topic)?.[partition] ?? 0;
    },

    end: (topic, partition) => ends.get(topic)?.[partition] ?? 0,

    committed(group, topic) {
      const offsets = new Array<number>(PARTITIONS).fill(0);
      const rows = attempt('The log could not be read', () => progress.all(group, topic));
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
