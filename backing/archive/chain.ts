import { listAll, ObjectExists, type Objects } from '#backing/objects/port.ts';
import { entryBytes, readEntry } from './entry.ts';
import { afterChain, chainFolder, entryKey, readEntryKey } from './names.ts';
import { ArchiveDamaged, type ArchiveEntry, type ArchivePartition } from './port.ts';

/** How far a partition's chain goes, and from where on it has the records; null while there is none. */
export type Position = { next_offset: number; since: number } | null;

/** The entry of an object. Throws ArchiveDamaged where it is gone, or is no entry of that place. */
export async function entryAt(objects: Objects, key: string, signal: AbortSignal): Promise<ArchiveEntry> {
  const found = await objects.get(key, signal);
  if (!found) throw new ArchiveDamaged(`${key} is gone`);
  const entry = readEntry(key, found.body);
  if (entryKey(entry, entry.first_offset) !== key)
    throw new ArchiveDamaged(`${key} is the entry of another place`);
  return entry;
}

/** The entries of a partition from the one that begins at `from` on. Throws ArchiveDamaged where they do not follow on each other. */
export async function* chainFrom(
  objects: Objects,
  whose: ArchivePartition,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<ArchiveEntry> {
  const before = from === 0 ? '' : entryKey(whose, from - 1);
  let next = from;
  for await (const { key } of listAll(objects, chainFolder(whose), signal, before)) {
    const entry = await entryAt(objects, key, signal);
    if (entry.first_offset !== next)
      throw new ArchiveDamaged(`${key} does not follow the entry before it, which ends at ${next}`);
    next = entry.next_offset;
    yield entry;
  }
}

/**
 * How far a chain goes; from `known` on, where that is known already. The keys say where each entry begins, so only
 * the last is read.
 */
export async function positionOf(
  objects: Objects,
  whose: ArchivePartition,
  signal: AbortSignal,
  known: Position = null,
): Promise<Position> {
  const before = known === null ? '' : entryKey(whose, known.next_offset - 1);
  let last = '';
  for await (const { key } of listAll(objects, chainFolder(whose), signal, before)) last = key;
  return last === '' ? known : entryAt(objects, last, signal);
}

/** The last entry that begins at an offset or before it; null where there is none. */
export async function startBefore(
  objects: Objects,
  whose: ArchivePartition,
  offset: number,
  signal: AbortSignal,
): Promise<number | null> {
  let found: number | null = null;
  for await (const { key } of listAll(objects, chainFolder(whose), signal)) {
    const first_offset = readEntryKey(key)?.first_offset;
    if (first_offset === undefined) throw new ArchiveDamaged(`${key} is no name of an entry`);
    if (first_offset > offset) break;
    found = first_offset;
  }
  return found;
}

/** Adds an entry; whether it could: false where another has its place. */
export async function extend(objects: Objects, entry: ArchiveEntry, signal: AbortSignal): Promise<boolean> {
  try {
    await objects.create(entryKey(entry, entry.first_offset), entryBytes(entry), signal);
    return true;
  } catch (error) {
    if (error instanceof ObjectExists) return false;
    throw error;
  }
}

/** The partitions that have a chain, those of a topic by number. */
export async function* partitionsOf(objects: Objects, signal: AbortSignal): AsyncGenerator<ArchivePartition> {
  for (let after = ''; ; ) {
    const [first] = await objects.list({ prefix: 'manifest/', after, max: 1 }, signal);
    if (!first) return;
    const entry = readEntryKey(first.key);
    if (!entry) throw new ArchiveDamaged(`${first.key} is no name of an entry`);
    const { topic, partition } = entry;
    yield { topic, partition };
    after = afterChain(entry);
  }
}
