import type { Objects } from '#backing/objects/port.ts';
import { partitionsOf, type Snapshot, snapshotOf } from './chain.ts';
import { hasMoved } from './head.ts';
import { leftoversOf } from './leftovers.ts';
import { hourIn } from './names.ts';
import {
  ArchiveDamaged,
  type ArchiveEntry,
  type ArchivePartition,
  type Compacted,
  type Large,
} from './port.ts';
import { deleteAll, type Run, rewrite } from './rewrite.ts';

/**
 * How much one entry holds at most when it is made of several: its compressed bytes are held at once by whoever
 * writes or reads it, and one file of each hour is open meanwhile.
 */
export const LARGE: Large = { rows: 1_000_000, bytes: 64 * 1024 * 1024, hours: 168 };

/** From this part of that on an entry stays as it is: so a record is written anew a few times, however often it is compacted. */
const ENOUGH = 1 / 4;

/** No attempt names a file that is older: see LONGEST_MS, and the clocks of others. */
const LEFT_BEHIND_MS = 24 * 3_600_000;

/** Compacts, as the archive's port says. */
export async function compact(
  objects: Objects,
  { large, now_ms }: { large: Large; now_ms: number },
  signal: AbortSignal,
): Promise<Compacted> {
  const told: Compacted = { entries: 0, files: { before: 0, after: 0 }, left_over: 0 };
  for await (const whose of partitionsOf(objects, signal))
    await compactIn(objects, whose, large, told, signal);
  const { dead, open } = await leftoversOf(objects, signal);
  const old = open.filter(({ modified_ms }) => modified_ms < now_ms - LEFT_BEHIND_MS).map(({ key }) => key);
  await deleteAll(objects, [...dead, ...old], signal);
  told.left_over = dead.length + old.length;
  return told;
}

async function compactIn(
  objects: Objects,
  whose: ArchivePartition,
  large: Large,
  told: Compacted,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const begun = await snapshotOf(objects, whose, signal);
    let snapshot: Snapshot | null = begun;
    try {
      // From the last on: so those before it stay where they are in the snapshot.
      for (const run of runsOf(
        begun.entries.map(({ entry }) => entry),
        large,
      ).reverse()) {
        if (!snapshot) break;
        const done = await rewrite(objects, snapshot, run, () => true, signal);
        snapshot = done?.after ?? null;
        if (!done) continue;
        told.entries += run.to - run.from;
        told.files.before += done.files;
        told.files.after += done.after.entries[run.from]?.entry.files.length ?? 0;
      }
      if (snapshot) return;
    } catch (error) {
      // What is missing may have been superseded.
      const held = snapshot ?? begun;
      if (!(error instanceof ArchiveDamaged && (await hasMoved(objects, whose, held, signal)))) throw error;
    }
  }
}

/** Entries that follow on each other and are to be one: as many as make a large one, of those that are not large yet. */
function runsOf(entries: readonly ArchiveEntry[], large: Large): Run[] {
  const runs: Run[] = [];
  let [from, run] = [0, weighing(large)];
  const close = (to: number) => {
    if (to - from > 1) runs.push({ from, to });
  };
  for (const [at, entry] of entries.entries()) {
    const isLarge = weighing(large).add(entry) >= ENOUGH;
    if (!isLarge && run.add(entry) <= 1) continue;
    close(at);
    [from, run] = [isLarge ? at + 1 : at, weighing(large)];
    if (!isLarge) run.add(entry);
  }
  close(entries.length);
  return runs;
}

/** Adds entries up; gives which part of a large one they are so far, by whatever they have most of. */
function weighing(large: Large) {
  const hours = new Set<string>();
  let [rows, bytes] = [0, 0];
  return {
    add({ files }: ArchiveEntry): number {
      for (const file of files) {
        rows += file.rows;
        bytes += file.bytes;
        hours.add(hourIn(file.key));
      }
      return Math.max(rows / large.rows, bytes / large.bytes, hours.size / large.hours);
    },
  };
}
