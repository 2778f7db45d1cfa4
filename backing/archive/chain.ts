import { listAll, ObjectExists, type Objects } from '#backing/objects/port.ts';
import { type Head, manifestBytes, readEntry, sha256 } from './entry.ts';
import { type HeldHead, underHead } from './head.ts';
import { afterChain, chainFolder, entryKey, headKey, readManifestKey } from './names.ts';
import { ArchiveDamaged, type ArchiveEntry, type ArchivePartition } from './port.ts';

/** How far a partition goes, and from where on the archive has the records. */
export type Position = { next_offset: number; since: number };

/** An entry that holds, and the object that it stands in. */
export type Standing = { key: string; sha256: string; entry: ArchiveEntry };

/** What holds of a partition at one moment: entries that follow on each other, in order. */
export type Snapshot = HeldHead & { whose: ArchivePartition; entries: readonly Standing[] };

/** Where an entry is to be found, and what is known of it. */
type Place = { key: string; first_offset: number; next_offset?: number; sha256?: string };

const AT_ONCE = 16;

/** The entry in an object. Throws ArchiveDamaged where it is gone, or is no entry of that place. */
export async function standingAt(
  objects: Objects,
  whose: ArchivePartition,
  place: Place,
  signal: AbortSignal,
): Promise<Standing> {
  const { key, first_offset, next_offset } = place;
  const found = await objects.get(key, signal);
  if (!found) throw new ArchiveDamaged(`${key} is gone`);
  const digest = sha256(found.body);
  if (place.sha256 !== undefined && place.sha256 !== digest)
    throw new ArchiveDamaged(`${key} has other bytes than the head says`);
  const entry = readEntry(key, found.body);
  const isOther =
    entryKey(entry, entry.first_offset) !== entryKey(whose, first_offset) ||
    (next_offset !== undefined && entry.next_offset !== next_offset);
  if (isOther) throw new ArchiveDamaged(`${key} is the entry of another place`);
  return { key, sha256: digest, entry };
}

/** Where the entries that hold stand: those that the head names, then those of the chain that begin where it ends, or later. */
export async function placesOf(
  objects: Objects,
  whose: ArchivePartition,
  head: Head,
  signal: AbortSignal,
): Promise<Place[]> {
  return [...head.entries, ...(await tailOf(objects, whose, head, signal))];
}

async function tailOf(
  objects: Objects,
  whose: ArchivePartition,
  { next_offset }: Head,
  signal: AbortSignal,
): Promise<Place[]> {
  const before = next_offset === 0 ? '' : entryKey(whose, next_offset - 1);
  const tail: Place[] = [];
  for await (const { key } of listAll(objects, chainFolder(whose), signal, before)) {
    if (key === headKey(whose)) continue;
    const first_offset = readManifestKey(key)?.first_offset ?? null;
    if (first_offset === null) throw new ArchiveDamaged(`${key} is no name of an entry`);
    tail.push({ key, first_offset });
  }
  return tail;
}

/**
 * The entries of a partition that hold, from the one that covers `from` on. Throws ArchiveDamaged where they do not
 * follow on each other.
 */
export async function snapshotOf(
  objects: Objects,
  whose: ArchivePartition,
  signal: AbortSignal,
  from = 0,
): Promise<Snapshot> {
  return underHead(objects, whose, signal, async (held) => {
    const { head } = held;
    const places = await placesOf(objects, whose, head, signal);
    const covering = places.findLastIndex(({ first_offset }) => first_offset <= from);
    const asked = places.slice(Math.max(0, covering));
    const entries: Standing[] = [];
    let next = asked[0] && covering > 0 ? asked[0].first_offset : 0;
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      const some = asked.slice(at, at + AT_ONCE).map((place) => standingAt(objects, whose, place, signal));
      for (const standing of await Promise.all(some)) {
        const { first_offset, next_offset } = standing.entry;
        if (first_offset !== next)
          throw new ArchiveDamaged(
            `${standing.key} does not follow the entry before it, which ends at ${next}`,
          );
        next = next_offset;
        entries.push(standing);
      }
    }
    return { ...held, whose, entries };
  });
}

/** How far a partition goes; null where there is nothing of it. The keys say where each entry begins, so only the last is read. */
export async function positionOf(
  objects: Objects,
  whose: ArchivePartition,
  signal: AbortSignal,
): Promise<Position | null> {
  return underHead(objects, whose, signal, async ({ head }) => {
    const last = (await placesOf(objects, whose, head, signal)).at(-1);
    return last ? (await standingAt(objects, whose, last, signal)).entry : null;
  });
}

/** Adds an entry; whether it could: false where another has its place. */
export async function extend(objects: Objects, entry: ArchiveEntry, signal: AbortSignal): Promise<boolean> {
  try {
    await objects.create(entryKey(entry, entry.first_offset), manifestBytes(entry), signal);
    return true;
  } catch (error) {
    if (error instanceof ObjectExists) return false;
    throw error;
  }
}

/** The partitions that the manifest has anything of, those of a topic by number. */
export async function* partitionsOf(objects: Objects, signal: AbortSignal): AsyncGenerator<ArchivePartition> {
  for (let after = ''; ; ) {
    const [first] = await objects.list({ prefix: 'manifest/', after, max: 1 }, signal);
    if (!first) return;
    const found = readManifestKey(first.key);
    if (!found) throw new ArchiveDamaged(`${first.key} is no name of an entry`);
    const { topic, partition } = found;
    yield { topic, partition };
    after = afterChain(found);
  }
}
