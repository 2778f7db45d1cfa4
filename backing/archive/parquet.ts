import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, parquetMetadata, parquetReadObjects, type SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { LogRecord } from '#backing/log/port.ts';
import type { Column } from './columns.ts';
import { type Archivable, ArchiveDamaged } from './port.ts';

/** Rows encoded or decoded at once: others have their turn of the event loop in between. */
const GROUP_ROWS = 4_000;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** A Parquet file that is being made, compressed by zstd: what is compressed already is held, and rows for one group more. */
export type ParquetFile = {
  add(rows: readonly Archivable[]): Promise<void>;
  /** All its bytes, once all rows were added. */
  finish(): Promise<Uint8Array>;
};

export function parquetFile(columns: readonly Column[]): ParquetFile {
  const writer = new ByteWriter(1 << 16);
  const root: SchemaElement = { name: 'root', num_children: columns.length };
  const file = new ParquetWriter({
    writer,
    schema: [root, ...columns.map(({ element }) => element)],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input, LEVEL) },
    createdBy: 'edgewise',
  });
  let held: Archivable[] = [];
  const write = async (group: readonly Archivable[]) => {
    const columnData = columns.map(({ element: { name }, of }) => ({
      name,
      data: group.map((row) => of(row) ?? null),
    }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    async add(rows) {
      for (const row of rows) {
        held.push(row);
        if (held.length < GROUP_ROWS) continue;
        const group = held;
        held = [];
        await write(group);
      }
    },
    async finish() {
      if (held.length > 0) await write(held);
      await file.finish();
      return writer.getBytes();
    },
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Some columns of a file, a group of rows at a time, in its order. Throws ArchiveDamaged. */
export async function* rowsIn<Row>(
  key: string,
  bytes: Uint8Array,
  columns: readonly (keyof Row & string)[],
): AsyncGenerator<Row[]> {
  const whole = new Uint8Array(bytes).buffer;
  const file: AsyncBuffer = { byteLength: whole.byteLength, slice: (from, to) => whole.slice(from, to) };
  // hyparquet's own would drop a byte order mark.
  const parsers = { stringFromBytes: (text: Uint8Array) => text && decoder.decode(text) };
  const damaged = (cause: unknown) => new ArchiveDamaged(`${key} cannot be read as Parquet`, { cause });
  const read = async <T>(run: () => T | Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (cause) {
      throw damaged(cause);
    }
  };
  const metadata = await read(() => parquetMetadata(whole, { parsers }));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    yield await read(
      async () =>
        (await parquetReadObjects({
          file,
          metadata,
          rowStart,
          rowEnd,
          columns: [...columns],
          utf8: false,
          parsers,
          compressors: { ZSTD: (input) => zstdDecompressSync(input) },
        })) as Row[],
    );
    rowStart = rowEnd;
  }
}

type Row = {
  topic: string;
  partition: number;
  offset: bigint;
  appended_at: Date;
  key: string;
  envelope: string | null;
  envelope_bytes: Uint8Array | null;
};
/** What of a file makes up the records again. */
const READ = ['topic', 'partition', 'offset', 'appended_at', 'key', 'envelope', 'envelope_bytes'] as const;

const encoder = new TextEncoder();

/** The records of a file, some at a time, in its order, as they stood on the log. Throws ArchiveDamaged. */
export async function* decode(key: string, bytes: Uint8Array): AsyncGenerator<LogRecord[]> {
  for await (const rows of rowsIn<Row>(key, bytes, READ)) {
    yield rows.map(({ topic, partition, offset, appended_at, key, envelope, envelope_bytes }) => ({
      topic,
      partition,
      offset: Number(offset),
      appended_ms: appended_at.getTime(),
      key,
      value: envelope_bytes ?? encoder.encode(envelope ?? ''),
    }));
  }
}
