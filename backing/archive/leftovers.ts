import { type ListedObject, listAll, type Objects } from '#backing/objects/port.ts';
import { composite } from '#contract/ids.ts';
import { partitionsOf, type Snapshot, snapshotOf } from './chain.ts';
import { chainFolder, readManifestKey, readWrittenKey, type WrittenFor } from './names.ts';
import type { ArchivePartition, Contents } from './port.ts';

/** A file that no entry names so far, and may yet. */
export type Leftover = ListedObject & { written: WrittenFor };

/** Objects that nothing names: those that nothing can name any more, and those that their writer may be about to name. */
export type Leftovers = { dead: string[]; open: Leftover[] };

type Live = { snapshot: Snapshot; position: number; named: ReadonlySet<string> };

/**
 * What is left over of writers that came second or were killed. Who wrote a file says what could name it: the entry at an
 * offset, which cannot come once the partition goes on from there, or a head of one generation, which cannot come
 * once there is that generation. The names of all files are held.
 */
export async function leftoversOf(objects: Objects, signal: AbortSignal): Promise<Leftovers> {
  const suspects: Leftover[] = [];
  const before = new Map<string, Live>();
  for await (const whose of partitionsOf(objects, signal))
    before.set(nameOf(whose), await liveOf(objects, whose, signal));
  for (const prefix of ['events/', 'campaigns/', 'rewritten/']) {
    for await (const object of listAll(objects, prefix, signal)) {
      const written = readWrittenKey(object.key);
      if (written && !before.get(nameOf(written))?.named.has(object.key))
        suspects.push({ ...object, written });
    }
  }
  before.clear();

  const found: Leftovers = { dead: [], open: [] };
  const now = new Map<string, Live>();
  for await (const whose of partitionsOf(objects, signal)) {
    // What was listed may have been named since: so what is named is read once more.
    const live = await liveOf(objects, whose, signal);
    now.set(nameOf(whose), live);
    for await (const { key } of listAll(objects, chainFolder(whose), signal)) {
      const first_offset = readManifestKey(key)?.first_offset ?? null;
      const isCovered = first_offset !== null && first_offset < live.snapshot.head.next_offset;
      if (isCovered && !live.named.has(key)) found.dead.push(key);
    }
  }
  for (const suspect of suspects) {
    const live = now.get(nameOf(suspect.written));
    if (live?.named.has(suspect.key)) continue;
    if (live && isDead(suspect.written, live)) found.dead.push(suspect.key);
    else found.open.push(suspect);
  }
  return found;
}

/** How much there is, by the manifest, and beside it. */
export async function contentsOf(objects: Objects, signal: AbortSignal): Promise<Contents> {
  const all: Contents = { entries: 0, files: 0, rows: 0, bytes: 0, unnamed: 0 };
  for await (const whose of partitionsOf(objects, signal)) {
    for (const { entry } of (await snapshotOf(objects, whose, signal)).entries) {
      all.entries += 1;
      all.files += entry.files.length;
      for (const { rows, bytes } of entry.files) {
        all.rows += rows;
        all.bytes += bytes;
      }
    }
  }
  const { dead, open } = await leftoversOf(objects, signal);
  return { ...all, unnamed: dead.length + open.length };
}

const nameOf = ({ topic, partition }: ArchivePartition) => composite(topic, partition);

async function liveOf(objects: Objects, whose: ArchivePartition, signal: AbortSignal): Promise<Live> {
  const snapshot = await snapshotOf(objects, whose, signal);
  const named = snapshot.entries.flatMap(({ key, entry }) => [key, ...entry.files.map((file) => file.key)]);
  return {
    snapshot,
    position: snapshot.entries.at(-1)?.entry.next_offset ?? 0,
    named: new Set(named),
  };
}

function isDead({ first_offset, generation }: WrittenFor, { snapshot, position }: Live): boolean {
  return generation === null ? first_offset < position : generation <= snapshot.head.generation;
}
