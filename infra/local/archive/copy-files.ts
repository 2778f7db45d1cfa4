import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableOf } from '#backing/archive/columns.ts';
import { parquetFile } from '#backing/archive/parquet.ts';
import {
  type Archive,
  ArchiveDamaged,
  type ArchiveFile,
  type ArchivePartition,
} from '#backing/archive/port.ts';
import { topics } from '#contract/topics.ts';
import { Mendable } from '../terminal/mendable.ts';
import { count } from '../terminal/progress.ts';

const AT_ONCE = 8;

type Copying = { archive: Archive; folder: string; max_bytes: number; signal: AbortSignal };

/**
 * Copies the files that the manifest names, each checked, to folders `events` and `campaigns`, so that whatever
 * becomes of the archive meanwhile does not matter. In each there is a file without rows as well, so that there are columns
 * where there are no files. Throws Mendable where it is more than may be copied; nothing was copied then.
 */
export async function copyFiles(copying: Copying): Promise<void> {
  const { archive, folder, max_bytes, signal } = copying;
  const { bytes } = await archive.contents(signal);
  if (bytes > max_bytes) {
    throw new Mendable(
      `The archive has ${count(bytes)} bytes, and at most ${count(max_bytes)} are copied for a query: raise --max-gib, or read it by a warehouse`,
    );
  }
  for (const topic of [topics.events, topics.campaigns]) {
    const table = tableOf(topic);
    await mkdir(join(folder, table.folder));
    await writeFile(join(folder, table.folder, 'none.parquet'), await parquetFile(table.columns).finish());
  }
  for await (const whose of archive.partitions(signal)) await copyPartition(copying, whose);
}

async function copyPartition(copying: Copying, whose: ArchivePartition): Promise<void> {
  const { archive, folder, signal } = copying;
  const filesNow = async () => {
    const files: ArchiveFile[] = [];
    for await (const entry of archive.entries(whose, signal)) files.push(...entry.files);
    return files;
  };
  const pathOf = ({ key }: ArchiveFile) =>
    join(folder, tableOf(whose.topic).folder, key.slice(key.lastIndexOf('/') + 1));
  for (let files = await filesNow(); ; ) {
    try {
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE);
        await Promise.all(
          some.map(async (file) => writeFile(pathOf(file), await archive.bytes(file, signal))),
        );
      }
      return;
    } catch (error) {
      if (!(error instanceof ArchiveDamaged)) throw error;
      // A rewriting may have taken their place: then all of the partition is copied anew.
      const now = await filesNow();
      const [before, after] = [files, now].map((all) => new Set(all.map(({ key }) => key)));
      if (before?.size === after?.size && before?.isSubsetOf(after as Set<string>)) throw error;
      for (const file of files) await rm(pathOf(file), { force: true });
      files = now;
    }
  }
}
