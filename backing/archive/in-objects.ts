import { createHash, randomUUID } from 'node:crypto';
import type { LogRecord } from '#backing/log/port.ts';
import { listAll, type Objects } from '#backing/objects/port.ts';
import { composite } from '#contract/ids.ts';
import { chainFrom, entryAt, extend, type Position, partitionsOf, positionOf, startBefore } from './chain.ts';
import { tableOf } from './columns.ts';
import { dumpOf } from './dump.ts';
import { chainFolder, fileKey, hourOf } from './names.ts';
import { decode, encode } from './parquet.ts';
import {
  type Archivable,
  type Archive,
  ArchiveDamaged,
  type ArchiveEntry,
  type ArchiveFault,
  type ArchiveFile,
  ArchiveGap,
  type ArchivePartition,
  type Stretch,
} from './port.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * The archive in a store of objects. `events/` and `campaigns/` have the files by hour of acceptance, `manifest/` the
 * entries. An entry is named by where it begins, and is created only where none has that name: who comes second
 * reads on from there. What is killed between a file and its entry leaves a file that no entry names, and that
 * nobody reads; no attempt takes files away, since another may have been told of them.
 */
export function objectArchive(objects: Objects): Archive {
  const known = new Map<string, Exclude<Position, null>>();

  async function writeFiles(
    { topic, partition }: ArchivePartition,
    first_offset: number,
    rows: readonly Archivable[],
    signal: AbortSignal,
  ): Promise<ArchiveFile[]> {
    const { folder, columns } = tableOf(topic);
    const files: ArchiveFile[] = [];
    for (const [hour, those] of Map.groupBy(rows, hourOf)) {
      const body = await encode(those, columns, signal);
      const key = fileKey(folder, hour, { topic, partition, first_offset, token: randomUUID() });
      await objects.put(key, body, signal);
      const [first, last] = [those[0], those.at(-1)] as [Archivable, Archivable];
      files.push({
        key,
        rows: those.length,
        bytes: body.byteLength,
        sha256: sha256(body),
        first_offset: first.record.offset,
        next_offset: last.record.offset + 1,
      });
    }
    return files;
  }

  async function* records(stretch: Stretch, signal: AbortSignal): AsyncGenerator<LogRecord> {
    const { from = 0, to = Number.POSITIVE_INFINITY } = stretch;
    for await (const entry of entries(stretch, signal)) {
      for (const record of await recordsOf(objects, entry, signal)) {
        if (record.offset >= from && record.offset < to) yield record;
      }
    }
  }

  async function* entries(stretch: Stretch, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
    const { from = 0, to = Number.POSITIVE_INFINITY } = stretch;
    const start = from === 0 ? 0 : ((await startBefore(objects, stretch, from, signal)) ?? 0);
    for await (const entry of chainFrom(objects, stretch, start, signal)) {
      if (entry.first_offset >= to) return;
      if (entry.next_offset > from) yield entry;
    }
  }

  return {
    async append({ topic, partition, from, records }, signal) {
      const [first, last] = [records[0], records.at(-1)];
      if (!first || !last) return { written: 0, already: 0 };
      const whose = { topic, partition };
      const name = composite(topic, partition);
      const next_offset = last.record.offset + 1;
      let position = known.get(name) ?? (await positionOf(objects, whose, signal));
      for (;;) {
        // Another writer may have gone on since.
        if (position && from > position.next_offset)
          position = await positionOf(objects, whose, signal, position);
        if (position) {
          checkFollows(position, { ...whose, from, first_offset: first.record.offset });
          known.set(name, position);
        }
        const first_offset = position?.next_offset ?? 0;
        const fresh = records.filter(({ record }) => record.offset >= first_offset);
        if (fresh.length === 0) return { written: 0, already: records.length };
        const files = await writeFiles(whose, first_offset, fresh, signal);
        const since = position?.since ?? from;
        const entry: ArchiveEntry = { v: 1, ...whose, first_offset, next_offset, since, files };
        if (await extend(objects, entry, signal)) {
          known.set(name, { next_offset, since });
          return { written: fresh.length, already: records.length - fresh.length };
        }
        position = await positionOf(objects, whose, signal, position);
      }
    },
    partitions: (signal) => partitionsOf(objects, signal),
    entries,
    records,
    faults: (signal) => faultsOf(objects, signal),
    dump: () => dumpOf({ partitions: (signal) => partitionsOf(objects, signal), records }),
  };
}

function checkFollows(
  { next_offset, since }: Exclude<Position, null>,
  { topic, partition, from, first_offset }: ArchivePartition & { from: number; first_offset: number },
): void {
  const where = `of ${topic}/${partition}`;
  if (from > next_offset) {
    throw new ArchiveGap(
      `The archive ${where} ends at ${next_offset}, and the log goes on at ${from}: set its group back to ${next_offset}, or give it an archive of its own`,
    );
  }
  if (first_offset < since) {
    throw new ArchiveGap(
      `The archive ${where} began at ${since}, and was given records from ${first_offset} on: it cannot be put before its start`,
    );
  }
}

/** The records of an entry by rising offset. Throws ArchiveDamaged where a file is not what the entry says. */
async function recordsOf(objects: Objects, entry: ArchiveEntry, signal: AbortSignal): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (const file of entry.files) {
    const found = await objects.get(file.key, signal);
    if (!found) throw new ArchiveDamaged(`${file.key} is gone`);
    if (sha256(found.body) !== file.sha256)
      throw new ArchiveDamaged(`${file.key} has other bytes than it was written with`);
    const records = await decode(file.key, found.body);
    if (records.length !== file.rows)
      throw new ArchiveDamaged(`${file.key} has ${records.length} rows, not ${file.rows}`);
    all.push(...records);
  }
  all.sort((a, b) => a.offset - b.offset);
  let before = entry.first_offset - 1;
  for (const { topic, partition, offset } of all) {
    const isOurs = topic === entry.topic && partition === entry.partition && offset < entry.next_offset;
    if (!isOurs)
      throw new ArchiveDamaged(`A record of ${topic}/${partition} at ${offset} stands in another's entry`);
    if (offset <= before)
      throw new ArchiveDamaged(`The record of ${topic}/${partition} at ${offset} stands there twice`);
    before = offset;
  }
  if (before !== entry.next_offset - 1)
    throw new ArchiveDamaged(
      `The last record of ${entry.topic}/${entry.partition} before ${entry.next_offset} is missing`,
    );
  return all;
}

async function* faultsOf(objects: Objects, signal: AbortSignal): AsyncGenerator<ArchiveFault> {
  for await (const whose of partitionsOf(objects, signal)) {
    let next = 0;
    for await (const { key } of listAll(objects, chainFolder(whose), signal)) {
      try {
        const entry = await entryAt(objects, key, signal);
        if (entry.first_offset !== next)
          yield { key, what: `begins at ${entry.first_offset}, not at ${next}` };
        next = entry.next_offset;
        await recordsOf(objects, entry, signal);
      } catch (error) {
        if (!(error instanceof ArchiveDamaged)) throw error;
        yield { key, what: error.message };
      }
    }
  }
}
