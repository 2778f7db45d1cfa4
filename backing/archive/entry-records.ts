import type { LogRecord } from '#backing/log/port.ts';
import type { Objects } from '#backing/objects/port.ts';
import { bytesOf } from './files.ts';
import { decode } from './parquet.ts';
import { ArchiveDamaged, type ArchiveEntry, type ArchiveFile } from './port.ts';

/** A file that is being read: the rows that are next, and how to come by more. */
type Cursor = {
  file: ArchiveFile;
  rows: LogRecord[];
  at: number;
  read: number;
  more: AsyncGenerator<LogRecord[]>;
};

const offsetAt = ({ rows, at }: Cursor) => (rows[at] as LogRecord).offset;

/**
 * The records of an entry by rising offset, some at a time. Files are opened where their first is next, so that those are
 * held whose stretches overlap, and of each the rows of one group. Throws ArchiveDamaged where a file is not what
 * the entry says, once it comes to that.
 */
export async function* recordsOf(
  objects: Objects,
  entry: ArchiveEntry,
  signal: AbortSignal,
): AsyncGenerator<LogRecord[]> {
  const waiting = entry.files.toSorted((a, b) => a.first_offset - b.first_offset);
  let open: Cursor[] = [];
  const check = inOrder(entry);
  for (;;) {
    let [next, bound] = lowest(open);
    for (let [file] = waiting; file && (!next || file.first_offset <= offsetAt(next)); [file] = waiting) {
      waiting.shift();
      const cursor = await opened(objects, file, signal);
      if (cursor) open.push(cursor);
      [next, bound] = lowest(open);
    }
    if (!next) break;
    const until = Math.min(bound, waiting[0]?.first_offset ?? Number.POSITIVE_INFINITY);
    const { rows, at } = next;
    let end = at + 1;
    while (end < rows.length && (rows[end] as LogRecord).offset < until) end++;
    const some = rows.slice(at, end);
    check.next(some);
    yield some;
    signal.throwIfAborted();
    next.at = end;
    if (end === rows.length && !(await refill(next))) open = open.filter((one) => one !== next);
  }
  check.end();
}

/** Of those that are open, the one whose next row is first, and where the next row of any other stands. */
function lowest(open: readonly Cursor[]): [Cursor | null, number] {
  let [first, bound]: [Cursor | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const cursor of open) {
    if (first && offsetAt(cursor) >= offsetAt(first)) bound = Math.min(bound, offsetAt(cursor));
    else {
      if (first) bound = Math.min(bound, offsetAt(first));
      first = cursor;
    }
  }
  return [first, bound];
}

async function opened(objects: Objects, file: ArchiveFile, signal: AbortSignal): Promise<Cursor | null> {
  const more = decode(file.key, await bytesOf(objects, file, signal));
  const cursor = { file, rows: [], at: 0, read: 0, more };
  return (await refill(cursor)) ? cursor : null;
}

/** Reads on; whether there was more. */
async function refill(cursor: Cursor): Promise<boolean> {
  const { file, more } = cursor;
  const { value, done } = await more.next();
  if (done) {
    if (cursor.read === file.rows) return false;
    throw new ArchiveDamaged(`${file.key} has ${cursor.read} rows, not ${file.rows}`);
  }
  [cursor.rows, cursor.at] = [value, 0];
  cursor.read += value.length;
  return value.length > 0 || refill(cursor);
}

/** Throws ArchiveDamaged at a record that is not of the entry, or not after the one before it. */
function inOrder({ topic, partition, first_offset, next_offset, left_out }: ArchiveEntry) {
  let before = first_offset - 1;
  return {
    next(records: readonly LogRecord[]) {
      for (const record of records) {
        const { offset } = record;
        const where = `${record.topic}/${record.partition}`;
        if (record.topic !== topic || record.partition !== partition || offset >= next_offset)
          throw new ArchiveDamaged(`A record of ${where} at ${offset} stands in another's entry`);
        if (offset <= before)
          throw new ArchiveDamaged(`The record of ${where} at ${offset} stands there twice`);
        before = offset;
      }
    },
    end() {
      if (before !== next_offset - 1 && left_out === 0)
        throw new ArchiveDamaged(`The last record of ${topic}/${partition} before ${next_offset} is missing`);
    },
  };
}
