import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ITEM_BYTES } from '#contract/limits.ts';
import { Mendable } from '../terminal/mendable.ts';
import { type Line, splitLines } from './split-lines.ts';

/** A file of records, one JSON object a line. */
export type Records = {
  path: string;
  /** How many lines hold something. */
  count: number;
  /** The lines that hold something, in their order, some at a time. Throws Mendable where the file breaks off. */
  lines(): AsyncGenerator<Line[]>;
};

const CHUNK_BYTES = 256 * 1024;

/**
 * Opens NDJSON, plain or gzip (told by its first bytes, not its name), and reads it through once, so that a
 * file that is damaged or cut short is known before anything of it is sent. Throws Mendable.
 */
export async function openRecords(path: string): Promise<Records> {
  const gzip = await looksLikeGzip(path);
  const lines = () => readLines(path, gzip);
  let count = 0;
  for await (const some of lines()) count += some.length;
  if (count === 0) throw new Mendable(`${path} is empty: name a file with one JSON object a line`);
  return { path, count, lines };
}

async function* readLines(path: string, gzip: boolean): AsyncGenerator<Line[]> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const bytes = gzip ? pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : file;
  try {
    yield* splitLines(bytes, ITEM_BYTES);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    file.destroy();
  }
}

async function looksLikeGzip(path: string): Promise<boolean> {
  const start = await firstBytes(path);
  if (start[0] === 0x1f && start[1] === 0x8b) return true;
  const other = OTHER_FORMATS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  if (other)
    throw new Mendable(`${path} is ${other.name}: unpack it, and give the NDJSON inside, plain or gzip`);
  if (start.includes(0)) throw new Mendable(`${path} is not text: give NDJSON in UTF-8, plain or gzip`);
  const text = start.toString('utf8').trimStart();
  if (text.startsWith('[')) {
    throw new Mendable(`${path} is a JSON array: write one object a line (jq -c '.[]' does that)`);
  }
  return false;
}

const OTHER_FORMATS = [
  { name: 'a zip archive', magic: Buffer.from('PK\x03\x04', 'latin1') },
  { name: 'packed with zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { name: 'packed with xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]) },
  { name: 'packed with bzip2', magic: Buffer.from('BZh', 'latin1') },
  { name: 'a Parquet file', magic: Buffer.from('PAR1', 'latin1') },
];

async function firstBytes(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory())
      throw new Mendable(`${path} is a folder: name a file of NDJSON in it`);
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What to do about a file that could not be read to its end. */
function unreadable(path: string, cause: unknown): unknown {
  const { code } = cause as { code?: string };
  const sentences: Record<string, string> = {
    ENOENT: `${path} is not there: check the path, which counts from ${process.cwd()}`,
    EACCES: `${path} may not be read by this user: change its permissions`,
    EISDIR: `${path} is a folder: name a file of NDJSON in it`,
    Z_BUF_ERROR: `${path} is cut short: the gzip ends before its end was written; fetch or pack it again`,
    Z_DATA_ERROR: `${path} is damaged: the gzip does not hold what was packed; fetch or pack it again`,
  };
  const sentence = sentences[code ?? ''];
  return sentence === undefined ? cause : new Mendable(sentence, { cause });
}
