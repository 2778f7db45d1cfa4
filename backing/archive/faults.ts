import type { Objects } from '#backing/objects/port.ts';
import { partitionsOf, placesOf, standingAt } from './chain.ts';
import { recordsOf } from './entry-records.ts';
import { type HeldHead, underHead } from './head.ts';
import { headKey } from './names.ts';
import { ArchiveDamaged, type ArchiveFault, type ArchivePartition } from './port.ts';

/** Whatever of the archive is not as it should be. What is rewritten meanwhile is read again. */
export async function* faultsOf(objects: Objects, signal: AbortSignal): AsyncGenerator<ArchiveFault> {
  for await (const whose of partitionsOf(objects, signal)) {
    try {
      yield* await underHead(objects, whose, signal, (held) => faultsUnder(objects, whose, held, signal));
    } catch (error) {
      yield faultOf(headKey(whose), error);
    }
  }
}

function faultOf(key: string, error: unknown): ArchiveFault {
  if (!(error instanceof ArchiveDamaged)) throw error;
  return { key, what: error.message };
}

async function faultsUnder(
  objects: Objects,
  whose: ArchivePartition,
  { head }: HeldHead,
  signal: AbortSignal,
): Promise<ArchiveFault[]> {
  const faults: ArchiveFault[] = [];
  let next = 0;
  for (const place of await placesOf(objects, whose, head, signal)) {
    try {
      const { entry } = await standingAt(objects, whose, place, signal);
      if (entry.first_offset !== next)
        faults.push({ key: place.key, what: `begins at ${entry.first_offset}, not at ${next}` });
      next = entry.next_offset;
      for await (const _ of recordsOf(objects, entry, signal));
    } catch (error) {
      faults.push(faultOf(place.key, error));
    }
  }
  return faults;
}
