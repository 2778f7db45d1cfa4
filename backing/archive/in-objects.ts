import type { LogRecord } from '#backing/log/port.ts';
import type { Objects } from '#backing/objects/port.ts';
import { composite } from '#contract/ids.ts';
import { extend, type Position, partitionsOf, positionOf, snapshotOf } from './chain.ts';
import { compact, LARGE } from './compact.ts';
import { dumpOf } from './dump.ts';
import { recordsOf } from './entry-records.ts';
import { faultsOf } from './faults.ts';
import { bytesOf, writeFiles } from './files.ts';
import { forget } from './forget.ts';
import { hasMoved, headOf } from './head.ts';
import { contentsOf } from './leftovers.ts';
import {
  type Archivable,
  type Archive,
  ArchiveBusy,
  ArchiveDamaged,
  type ArchiveEntry,
  ArchiveGap,
  type ArchivePartition,
  type Stretch,
} from './port.ts';

/** An attempt that takes longer names none of its files: what nobody has named for a day may then be taken away. */
const LONGEST_MS = 3_600_000;

/**
 * The archive in a store of objects. `events/` and `campaigns/` have the files by hour of acceptance, `manifest/` the
 * entries, and the head of each partition that was rewritten. An entry is named by where it begins, and is created
 * only where none has that name: who comes second reads on from there. One that was created where a head has gone
 * on meanwhile says nothing, and who created it finds that out and begins again. What is killed between a file and its
 * entry leaves a file that no entry names, and that nobody reads; no attempt takes files away, since another may have
 * been told of them.
 */
export function objectArchive(objects: Objects): Archive {
  const known = new Map<string, Position>();

  async function* records(stretch: Stretch, signal: AbortSignal): AsyncGenerator<LogRecord> {
    const { from = 0, to = Number.POSITIVE_INFINITY } = stretch;
    for (let at = from; ; ) {
      const snapshot = await snapshotOf(objects, stretch, signal, at);
      try {
        for (const { entry } of snapshot.entries) {
          if (entry.first_offset >= to) return;
          for await (const some of recordsOf(objects, entry, signal)) {
            for (const record of some) {
              if (record.offset < at || record.offset >= to) continue;
              at = record.offset + 1;
              yield record;
            }
          }
          at = Math.max(at, entry.next_offset);
        }
        return;
      } catch (error) {
        // What is missing may have been superseded: then the rest is read from what is there now.
        const isOver =
          error instanceof ArchiveDamaged && (await hasMoved(objects, stretch, snapshot, signal));
        if (!isOver) throw error;
      }
    }
  }

  async function* entries(stretch: Stretch, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
    const { from = 0, to = Number.POSITIVE_INFINITY } = stretch;
    for (const { entry } of (await snapshotOf(objects, stretch, signal, from)).entries) {
      if (entry.next_offset > from && entry.first_offset < to) yield entry;
    }
  }

  /** Adds an entry; whether it holds: not where another has its place, or a head stands for it. */
  async function add(entry: ArchiveEntry, signal: AbortSignal): Promise<boolean> {
    if (!(await extend(objects, entry, signal))) return false;
    return (await headOf(objects, entry, signal)).head.next_offset <= entry.first_offset;
  }

  return {
    async append({ topic, partition, from, records, left_out }, signal) {
      const first = records[0]?.record.offset ?? left_out?.next_offset;
      if (first === undefined) return { written: 0, already: 0 };
      const whose = { topic, partition };
      const name = composite(topic, partition);
      const next_offset = left_out?.next_offset ?? (records.at(-1) as Archivable).record.offset + 1;
      let position = known.get(name) ?? (await positionOf(objects, whose, signal));
      for (;;) {
        // Another writer may have gone on since.
        if (position && from > position.next_offset) position = await positionOf(objects, whose, signal);
        if (position) {
          checkFollows(position, { ...whose, from, first_offset: first });
          known.set(name, position);
        }
        const first_offset = position?.next_offset ?? 0;
        const fresh = records.filter(({ record }) => record.offset >= first_offset);
        if (next_offset <= first_offset) return { written: 0, already: records.length };
        const begun_ms = performance.now();
        const files = await writeFiles(
          objects,
          { ...whose, first_offset, generation: null },
          fresh.length > 0 ? [fresh] : [],
          signal,
        );
        if (performance.now() - begun_ms > LONGEST_MS)
          throw new ArchiveBusy(`Writing files of ${topic}/${partition} took over an hour: write them again`);
        const since = position?.since ?? from;
        const entry: ArchiveEntry = {
          v: 1,
          ...whose,
          first_offset,
          next_offset,
          since,
          left_out: left_out?.records ?? 0,
          files,
        };
        if (await add(entry, signal)) {
          known.set(name, { next_offset, since });
          return { written: fresh.length, already: records.length - fresh.length };
        }
        known.delete(name);
        position = await positionOf(objects, whose, signal);
      }
    },
    partitions: (signal) => partitionsOf(objects, signal),
    entries,
    records,
    forget: (people, signal) => forget(objects, people, signal),
    compact: ({ now_ms, large = LARGE }, signal) => compact(objects, { now_ms, large }, signal),
    contents: (signal) => contentsOf(objects, signal),
    bytes: (file, signal) => bytesOf(objects, file, signal),
    faults: (signal) => faultsOf(objects, signal),
    dump: () => dumpOf({ partitions: (signal) => partitionsOf(objects, signal), records }),
  };
}

function checkFollows(
  { next_offset, since }: Position,
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
