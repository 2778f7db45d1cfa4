import { randomUUID } from 'node:crypto';
import { ObjectChanged, ObjectExists, type Objects } from '#backing/objects/port.ts';
import type { Snapshot, Standing } from './chain.ts';
import { type Head, manifestBytes, sha256 } from './entry.ts';
import { recordsOf } from './entry-records.ts';
import { writeFiles } from './files.ts';
import { headKey, rewrittenKey } from './names.ts';
import type { Archivable, ArchiveEntry } from './port.ts';
import { archivable } from './readable.ts';

/** Consecutive entries of a snapshot, from one up to another without it. */
export type Run = { from: number; to: number };

export type Rewritten = { after: Snapshot; files: number; left_out: number };

/**
 * Puts one entry in the place of some that follow on each other, with those of their records that are kept, and
 * deletes them. Null where another rewriting of the partition was published since the snapshot: then nothing was
 * changed. Throws ArchiveDamaged, also where what it reads was superseded meanwhile, and NewerEnvelope where a
 * newer build wrote a record, whose columns this one does not know.
 */
export async function rewrite(
  objects: Objects,
  snapshot: Snapshot,
  { from, to }: Run,
  keep: (row: Archivable) => boolean,
  signal: AbortSignal,
): Promise<Rewritten | null> {
  const { whose, head, entries } = snapshot;
  const old = entries.slice(from, to).map(({ entry }) => entry);
  const [first, last] = [old[0], old.at(-1)] as [ArchiveEntry, ArchiveEntry];
  const written = { ...whose, first_offset: first.first_offset, generation: head.generation + 1 };

  let left_out = 0;
  async function* rows() {
    for (const entry of old) {
      for await (const records of recordsOf(objects, entry, signal)) {
        const all = records.map(archivable);
        const kept = all.filter(keep);
        left_out += all.length - kept.length;
        yield kept;
      }
    }
  }
  const files = await writeFiles(objects, written, rows(), signal);
  const entry: ArchiveEntry = {
    ...first,
    next_offset: last.next_offset,
    left_out: old.reduce((sum, one) => sum + one.left_out, left_out),
    files,
  };
  const key = rewrittenKey(written, randomUUID());
  const body = manifestBytes(entry);
  await objects.put(key, body, signal);

  const standing: Standing = { key, sha256: sha256(body), entry };
  const after = await publish(
    objects,
    snapshot,
    entries.toSpliced(from, to - from, standing),
    last.next_offset,
    signal,
  );
  const those = after ? entries.slice(from, to) : [standing];
  await deleteAll(
    objects,
    those.flatMap((one) => [one.key, ...one.entry.files.map((file) => file.key)]),
    signal,
  );
  return after && { after, files: old.reduce((sum, one) => sum + one.files.length, 0), left_out };
}

/** A head for nothing but that it is another: whatever was written to be named by it cannot be any more. */
export const renew = (objects: Objects, snapshot: Snapshot, signal: AbortSignal): Promise<Snapshot | null> =>
  publish(objects, snapshot, snapshot.entries, 0, signal);

/** Names entries up to an offset by the head; null where another was there before. */
async function publish(
  objects: Objects,
  { whose, head, etag }: Snapshot,
  entries: readonly Standing[],
  up_to: number,
  signal: AbortSignal,
): Promise<Snapshot | null> {
  if (entries[0] && entries[0].entry.first_offset !== 0)
    throw new RangeError('A head names a partition from its start on: publish a whole snapshot');
  const next_offset = Math.max(head.next_offset, up_to);
  const next: Head = {
    ...head,
    generation: head.generation + 1,
    next_offset,
    entries: entries
      .filter(({ entry }) => entry.first_offset < next_offset)
      .map(({ key, sha256: digest, entry }) => ({
        key,
        first_offset: entry.first_offset,
        next_offset: entry.next_offset,
        sha256: digest,
      })),
  };
  const [key, body] = [headKey(whose), manifestBytes(next)];
  try {
    const now = await (etag === null
      ? objects.create(key, body, signal)
      : objects.replace(key, body, etag, signal));
    return { whose, head: next, etag: now, entries };
  } catch (error) {
    if (error instanceof ObjectChanged || error instanceof ObjectExists) return null;
    throw error;
  }
}

const AT_ONCE = 16;

export async function deleteAll(
  objects: Objects,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE)
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => objects.delete(key, signal)));
}
