import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ArchiveDamaged, type ArchiveEntry } from './port.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const Entry = v.object({
  v: v.literal(1),
  topic: v.string(),
  partition: whole,
  first_offset: whole,
  next_offset: whole,
  since: whole,
  left_out: v.optional(whole, 0),
  files: v.array(
    v.object({
      key: v.string(),
      rows: whole,
      bytes: whole,
      sha256: digest,
      first_offset: whole,
      next_offset: whole,
    }),
  ),
});

const Head = v.object({
  v: v.literal(1),
  topic: v.string(),
  partition: whole,
  /** How often it was replaced. */
  generation: whole,
  /** Up to where its entries go: an entry of the chain that begins before says nothing any more. */
  next_offset: whole,
  entries: v.array(v.object({ key: v.string(), first_offset: whole, next_offset: whole, sha256: digest })),
});

/** What a rewriting has put in the place of the first entries of a chain: where each stands, and its digest. */
export type Head = v.InferOutput<typeof Head>;

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const encoder = new TextEncoder();

/** An entry or a head as it stands in its object. */
export const manifestBytes = (content: ArchiveEntry | Head): Uint8Array =>
  encoder.encode(`${JSON.stringify(content)}\n`);

/** Reads an entry. Throws ArchiveDamaged, also for one of a newer build. */
export const readEntry = (key: string, body: Uint8Array): ArchiveEntry => read(Entry, 'entry', key, body);

/** Reads a head. Throws ArchiveDamaged, also for one of a newer build. */
export const readHead = (key: string, body: Uint8Array): Head => read(Head, 'head', key, body);

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  what: string,
  key: string,
  body: Uint8Array,
): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    throw new ArchiveDamaged(`${key} is no ${what} that this build can read`, { cause });
  }
}
