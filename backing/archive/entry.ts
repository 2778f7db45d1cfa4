import * as v from 'valibot';
import { ArchiveDamaged, type ArchiveEntry } from './port.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Entry = v.object({
  v: v.literal(1),
  topic: v.string(),
  partition: whole,
  first_offset: whole,
  next_offset: whole,
  since: whole,
  files: v.array(
    v.object({
      key: v.string(),
      rows: whole,
      bytes: whole,
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      first_offset: whole,
      next_offset: whole,
    }),
  ),
});

/** An entry as it stands in its object. */
export const entryBytes = (entry: ArchiveEntry): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(entry)}\n`);

/** Reads an entry. Throws ArchiveDamaged, also for one of a newer build. */
export function readEntry(key: string, body: Uint8Array): ArchiveEntry {
  try {
    return v.parse(Entry, JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    throw new ArchiveDamaged(`${key} is no entry that this build can read`, { cause });
  }
}
