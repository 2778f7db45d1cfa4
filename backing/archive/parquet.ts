import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, parquetReadObjects, type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { LogRecord } from '#backing/log/port.ts';
import type { Column } from './columns.ts';
import { type Archivable, ArchiveDamaged } from './port.ts';

/** Rows encoded at once: others have their turn of the event loop in between. */
const GROUP_ROWS = 4_000;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** A Parquet file of rows, compressed by zstd. Throws the signal's reason. */
export async function encode(
  rows: readonly Archivable[],
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const writer = new ByteWriter(1 << 20);
  const root: SchemaElement = { name: 'root', num_children: columns.length };
  const file = new ParquetWriter({
    writer,
    schema: [root, ...columns.map(({ element }) => element)],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input, LEVEL) },
    createdBy: 'edgewise',
  });
  for (let at = 0; at < rows.length; at += GROUP_ROWS) {
    const group = rows.slice(at, at + GROUP_ROWS);
    const columnData = columns.map(({ element: { name }, of }) => ({
      name,
      data: group.map((row) => of(row) ?? null),
    }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  await file.finish();
  return writer.getBytes();
}

/** What of a file makes up the records again. */
const READ = ['topic', 'partition', 'offset', 'appended_at', 'key', 'envelope', 'envelope_bytes'];

type Row = {
  topic: string;
  partition: number;
  offset: bigint;
  appended_at: Date;
  key: string;
  envelope: string | null;
  envelope_bytes: Uint8Array | null;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The records of a file, in its order, as they stood on the log. Throws ArchiveDamaged. */
export async function decode(key: string, bytes: Uint8Array): Promise<LogRecord[]> {
  const whole = new Uint8Array(bytes).buffer;
  const file: AsyncBuffer = { byteLength: whole.byteLength, slice: (from, to) => whole.slice(from, to) };
  let rows: Row[];
  try {
    rows = (await parquetReadObjects({
      file,
      columns: READ,
      utf8: false,
      // hyparquet's own would drop a byte order mark.
      parsers: { stringFromBytes: (bytes) => bytes && decoder.decode(bytes) },
      compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    })) as Row[];
  } catch (cause) {
    throw new ArchiveDamaged(`${key} cannot be read as Parquet`, { cause });
  }
  return rows.map(({ topic, partition, offset, appended_at, key, envelope, envelope_bytes }) => ({
    topic,
    partition,
    offset: Number(offset),
    appended_ms: appended_at.getTime(),
    key,
    value: envelope_bytes ?? encoder.encode(envelope ?? ''),
  }));
}
