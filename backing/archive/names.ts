import type { Archivable, ArchivePartition } from './port.ts';

const padded = (value: number, digits: number) => String(value).padStart(digits, '0');

/** Folders of the manifest, one per partition; zeros before the numbers make listings come in their order. */
export const chainFolder = ({ topic, partition }: ArchivePartition) =>
  `manifest/${topic}/${padded(partition, 5)}/`;

/** Where the entry stands that begins at an offset. */
export const entryKey = (whose: ArchivePartition, first_offset: number) =>
  `${chainFolder(whose)}${padded(first_offset, 20)}.json`;

/** Where a partition's head stands: after all entries of its folder. */
export const headKey = (whose: ArchivePartition) => `${chainFolder(whose)}head.json`;

const IN_MANIFEST = /^manifest\/([^/]+)\/(\d{5})\/(?:(\d{20})|head)\.json$/;

/** Whose entry or head stands there, and where it begins, null for a head; null for what is neither. */
export function readManifestKey(key: string): (ArchivePartition & { first_offset: number | null }) | null {
  const [, topic = '', partition, first_offset] = IN_MANIFEST.exec(key) ?? [];
  return partition === undefined
    ? null
    : {
        topic,
        partition: Number(partition),
        first_offset: first_offset === undefined ? null : Number(first_offset),
      };
}

/** What comes after all of a partition's, and before the next partition's: a zero comes right after a slash. */
export const afterChain = (whose: ArchivePartition) => `${chainFolder(whose).slice(0, -1)}0`;

/** The folder of the hour in which a record was accepted, or came to the log where it does not say. */
export function hourOf({ record, envelope }: Archivable): string {
  const at = envelope?.accepted_at ?? new Date(record.appended_ms).toISOString();
  return `date=${at.slice(0, 10)}/hour=${at.slice(11, 13)}`;
}

/** The hour whose folder a file stands in. */
export const hourIn = (file: string) => file.split('/').slice(1, 3).join('/');

/**
 * Who wrote an object: the entry that begins there, or a rewriting, which is of the generation that its head would
 * have. The token is of one attempt, so that none can take away or overwrite what another one needs.
 */
export type WrittenFor = ArchivePartition & {
  first_offset: number;
  generation: number | null;
};

const nameOf = ({ topic, partition, first_offset, generation }: WrittenFor, token: string) => {
  const rewriting = generation === null ? '' : `g${padded(generation, 10)}-`;
  return `${topic}-${padded(partition, 5)}-${padded(first_offset, 20)}-${rewriting}${token}`;
};

export const fileKey = (folder: string, hour: string, written: WrittenFor, token: string) =>
  `${folder}/${hour}/${nameOf(written, token)}.parquet`;

/** Entries that a rewriting made stand apart: only a head names them. */
export const rewrittenKey = (written: WrittenFor, token: string) =>
  `rewritten/${nameOf(written, token)}.json`;

const WRITTEN =
  /^(?:(?:events|campaigns)\/date=[^/]+\/hour=[^/]+|rewritten)\/(.+)-(\d{5})-(\d{20})-(?:g(\d{10})-)?[0-9a-f-]{36}\.(?:parquet|json)$/;

/** Who wrote a file, or an entry that stands apart; null for what is neither. */
export function readWrittenKey(key: string): WrittenFor | null {
  const [, topic = '', partition, first_offset, generation] = WRITTEN.exec(key) ?? [];
  if (partition === undefined) return null;
  return {
    topic,
    partition: Number(partition),
    first_offset: Number(first_offset),
    generation: generation === undefined ? null : Number(generation),
  };
}
