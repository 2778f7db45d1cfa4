import type { Archivable, ArchivePartition } from './port.ts';

const padded = (value: number, digits: number) => String(value).padStart(digits, '0');

/** Folders of the manifest, one per partition; zeros before the numbers make listings come in their order. */
export const chainFolder = ({ topic, partition }: ArchivePartition) =>
  `manifest/${topic}/${padded(partition, 5)}/`;

/** Where the entry stands that begins at an offset. */
export const entryKey = (whose: ArchivePartition, first_offset: number) =>
  `${chainFolder(whose)}${padded(first_offset, 20)}.json`;

const ENTRY = /^manifest\/([^/]+)\/(\d{5})\/(\d{20})\.json$/;

/** Whose entry stands there, and where it begins; null for what is no entry. */
export function readEntryKey(key: string): (ArchivePartition & { first_offset: number }) | null {
  const [, topic = '', partition, first_offset] = ENTRY.exec(key) ?? [];
  return partition === undefined
    ? null
    : { topic, partition: Number(partition), first_offset: Number(first_offset) };
}

/** What comes after all entries of a partition, and before those of the next: a zero comes right after a slash. */
export const afterChain = (whose: ArchivePartition) => `${chainFolder(whose).slice(0, -1)}0`;

/** The folder of the hour in which a record was accepted, or came to the log where it does not say. */
export function hourOf({ record, envelope }: Archivable): string {
  const at = envelope?.accepted_at ?? new Date(record.appended_ms).toISOString();
  return `date=${at.slice(0, 10)}/hour=${at.slice(11, 13)}`;
}

/** A name that no other attempt to write the same has: so none can take away or overwrite what another one needs. */
export function fileKey(
  folder: string,
  hour: string,
  { topic, partition, first_offset, token }: ArchivePartition & { first_offset: number; token: string },
): string {
  return `${folder}/${hour}/${topic}-${padded(partition, 5)}-${padded(first_offset, 20)}-${token}.parquet`;
}
