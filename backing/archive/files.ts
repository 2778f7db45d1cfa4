import { randomUUID } from 'node:crypto';
import type { Objects } from '#backing/objects/port.ts';
import { tableOf } from './columns.ts';
import { sha256 } from './entry.ts';
import { fileKey, hourOf, type WrittenFor } from './names.ts';
import { type ParquetFile, parquetFile } from './parquet.ts';
import { type Archivable, ArchiveDamaged, type ArchiveFile } from './port.ts';

/** The bytes of a file. Throws ArchiveDamaged where it is gone, or has others than it was written with. */
export async function bytesOf(
  objects: Objects,
  { key, sha256: digest }: ArchiveFile,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const found = await objects.get(key, signal);
  if (!found) throw new ArchiveDamaged(`${key} is gone`);
  if (sha256(found.body) !== digest)
    throw new ArchiveDamaged(`${key} has other bytes than it was written with`);
  return found.body;
}

type Open = Pick<ArchiveFile, 'rows' | 'first_offset' | 'next_offset'> & { file: ParquetFile };

/** Writes rows, which come by rising offset, to one file for each hour of acceptance. What is compressed is held until the end. */
export async function writeFiles(
  objects: Objects,
  written: WrittenFor,
  rows: AsyncIterable<readonly Archivable[]> | Iterable<readonly Archivable[]>,
  signal: AbortSignal,
): Promise<ArchiveFile[]> {
  const { folder, columns } = tableOf(written.topic);
  const open = new Map<string, Open>();
  for await (const some of rows) {
    for (const [hour, those] of Map.groupBy(some, hourOf)) {
      const [first, last] = [those[0], those.at(-1)] as [Archivable, Archivable];
      const { offset } = first.record;
      const at = open.get(hour) ?? {
        file: parquetFile(columns),
        rows: 0,
        first_offset: offset,
        next_offset: 0,
      };
      await at.file.add(those);
      open.set(hour, { ...at, rows: at.rows + those.length, next_offset: last.record.offset + 1 });
      signal.throwIfAborted();
    }
  }
  const files: ArchiveFile[] = [];
  for (const [hour, { file, ...told }] of open) {
    const body = await file.finish();
    const key = fileKey(folder, hour, written, randomUUID());
    await objects.put(key, body, signal);
    files.push({ key, ...told, bytes: body.byteLength, sha256: sha256(body) });
    open.delete(hour);
  }
  return files;
}
