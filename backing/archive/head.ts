import type { Objects } from '#backing/objects/port.ts';
import { type Head, readHead } from './entry.ts';
import { headKey } from './names.ts';
import { ArchiveDamaged, type ArchivePartition } from './port.ts';

/** A head as it was read; `etag` is null where there is none yet, which is as if it were empty. */
export type HeldHead = { head: Head; etag: string | null };

/** The head of a partition as it is now. Throws ArchiveDamaged where it cannot be read. */
export async function headOf(
  objects: Objects,
  whose: ArchivePartition,
  signal: AbortSignal,
): Promise<HeldHead> {
  const key = headKey(whose);
  const found = await objects.get(key, signal);
  if (!found) return { head: { v: 1, ...whose, generation: 0, next_offset: 0, entries: [] }, etag: null };
  const head = readHead(key, found.body);
  if (headKey(head) !== key) throw new ArchiveDamaged(`${key} is the head of another partition`);
  return { head, etag: found.etag };
}

/** Whether a rewriting was published since a head was read: what it named may have gone. */
export async function hasMoved(
  objects: Objects,
  whose: ArchivePartition,
  { head }: HeldHead,
  signal: AbortSignal,
): Promise<boolean> {
  return (await headOf(objects, whose, signal)).head.generation !== head.generation;
}

/**
 * Reads under a head, and again where another has taken its place meanwhile: so nothing that was read is of the
 * one in part and of the other in part, and what was missing because it had been superseded is found again.
 */
export async function underHead<T>(
  objects: Objects,
  whose: ArchivePartition,
  signal: AbortSignal,
  read: (held: HeldHead) => Promise<T>,
): Promise<T> {
  for (;;) {
    const held = await headOf(objects, whose, signal);
    const [result] = await Promise.allSettled([read(held)]);
    if (await hasMoved(objects, whose, held, signal)) continue;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }
}
