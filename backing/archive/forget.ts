import type { Objects } from '#backing/objects/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import { topics } from '#contract/topics.ts';
import { partitionsOf, type Snapshot, snapshotOf } from './chain.ts';
import { type Forgetting, forgettingOf } from './forgotten.ts';
import { hasMoved } from './head.ts';
import { type Leftover, leftoversOf } from './leftovers.ts';
import { ArchiveBusy, ArchiveDamaged, type ArchivePartition, type ForgottenRows } from './port.ts';
import { deleteAll, renew, rewrite } from './rewrite.ts';

/** Forgets people, as the archive's port says: rewrites the entries that hold events of theirs, and takes away what is left over. */
export async function forget(
  objects: Objects,
  people: readonly Forgotten[],
  signal: AbortSignal,
): Promise<ForgottenRows> {
  const gone = { files: 0, rows: 0 };
  if (people.length === 0) return gone;
  const forgetting = forgettingOf(people);
  for await (const whose of partitionsOf(objects, signal)) {
    if (whose.topic === topics.campaigns) continue;
    await forgetIn(objects, whose, forgetting, gone, signal);
  }
  const { dead, open } = await leftoversOf(objects, signal);
  await deleteAll(objects, dead, signal);
  for (const leftover of open.filter(({ key }) => key.endsWith('.parquet')))
    await decide(objects, leftover, forgetting, signal);
  return gone;
}

async function forgetIn(
  objects: Objects,
  whose: ArchivePartition,
  forgetting: Forgetting,
  gone: ForgottenRows,
  signal: AbortSignal,
): Promise<void> {
  const clean = new Set<string>();
  for (;;) {
    let snapshot: Snapshot | null = await snapshotOf(objects, whose, signal);
    if (snapshot.entries.every((one) => clean.has(one.sha256))) return;
    try {
      for (let at = 0; snapshot && at < snapshot.entries.length; at++) {
        const { sha256, entry } = snapshot.entries[at] as Snapshot['entries'][number];
        if (clean.has(sha256)) continue;
        if (!(await forgetting.isIn(entry, objects, signal))) clean.add(sha256);
        else snapshot = await rewritten(snapshot, at);
      }
    } catch (error) {
      // What is missing may have been superseded.
      if (
        !(error instanceof ArchiveDamaged && snapshot && (await hasMoved(objects, whose, snapshot, signal)))
      )
        throw error;
    }
  }

  async function rewritten(snapshot: Snapshot, at: number): Promise<Snapshot | null> {
    const done = await rewrite(objects, snapshot, { from: at, to: at + 1 }, forgetting.keeps, signal);
    if (!done) return null;
    gone.files += done.files;
    gone.rows += done.left_out;
    const { sha256 } = done.after.entries[at] as Snapshot['entries'][number];
    clean.add(sha256);
    return done.after;
  }
}

/** A file that nobody has named so far: if it holds what is to be forgotten, it may not be named any more, or has to be waited for. */
async function decide(
  objects: Objects,
  { key, written }: Leftover,
  forgetting: Forgetting,
  signal: AbortSignal,
): Promise<void> {
  const found = await objects.get(key, signal);
  if (!found || !(await forgetting.isInFile(key, found.body))) return;
  if (written.generation === null)
    throw new ArchiveBusy(`${key} is of events to be forgotten, and may be named yet: ask again in a while`);
  if (!(await renew(objects, await snapshotOf(objects, written, signal), signal)))
    throw new ArchiveBusy(`${key} was to be named just now: ask again`);
  await objects.delete(key, signal);
}
