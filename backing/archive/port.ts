import type { LogRecord } from '#backing/log/port.ts';
import type { Forgotten } from '#contract/deletion.ts';
import type { CampaignEnvelope, DeletionEnvelope, EventEnvelope } from '#contract/envelope.ts';

/** A record, and what was read from it; null where it could not be read. */
export type Archivable = {
  record: LogRecord;
  envelope: EventEnvelope | CampaignEnvelope | DeletionEnvelope | null;
};

/** Records of one partition, in their order. */
type ArchiveBatch = {
  topic: string;
  partition: number;
  /** From this offset up to the last record, the log holds these records and no others. */
  from: number;
  records: readonly Archivable[];
  /** Of people who were forgotten: how many records of the stretch were left out, and up to where it goes. */
  left_out?: { records: number; next_offset: number };
};

/** How many records of a batch were written, and how many the archive had already. */
type Archived = { written: number; already: number };

/** A file of an entry: rows of one hour of acceptance, by rising offset. */
export type ArchiveFile = {
  key: string;
  rows: number;
  bytes: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  sha256: string;
  first_offset: number;
  /** One past its last. */
  next_offset: number;
};

/**
 * A stretch of a partition that the archive holds, and the files that it stands in. An entry begins where the one
 * before it ends, the first at 0.
 */
export type ArchiveEntry = {
  v: 1;
  topic: string;
  partition: number;
  first_offset: number;
  next_offset: number;
  /** From which offset on the archive has the records: later than the first where the log had none before it. */
  since: number;
  /** How many records of the stretch are in none of the files, since they were of people who were forgotten. */
  left_out: number;
  files: ArchiveFile[];
};

export type ArchivePartition = { topic: string; partition: number };

export type Stretch = ArchivePartition & {
  /** From this offset on; 0 where nothing is said. */
  from?: number;
  /** Up to this offset, without it; to the end where nothing is said. */
  to?: number;
};

/** What is wrong with the archive, and where. */
export type ArchiveFault = { key: string; what: string };

/**
 * Records are missing between the archive's end and what it was given, or before its start: the archive cannot go
 * on without a hole. Somebody has to decide.
 */
export class ArchiveGap extends Error {
  readonly code = 'archive_gap';
  readonly retryable = false;
}

/** An object of the archive is not what its manifest says, or cannot be read by this build. */
export class ArchiveDamaged extends Error {
  readonly code = 'archive_damaged';
  readonly retryable = false;
}

/** How many files held events that are gone now, and how many events. */
export type ForgottenRows = { files: number; rows: number };

/** How much is a large entry: rows, compressed bytes, and hours of acceptance, each of which has a file. */
export type Large = { rows: number; bytes: number; hours: number };

/** How many entries became fewer, of how many files, and how many objects were taken away that nothing names. */
export type Compacted = { entries: number; files: { before: number; after: number }; left_over: number };

/** What the archive holds, by its manifest; and how many objects it does not name, which `compact` takes away in time. */
export type Contents = { entries: number; files: number; rows: number; bytes: number; unnamed: number };

/**
 * A file that another process may be about to name holds what is to be forgotten. It is named within seconds, or,
 * where that process was killed, left behind for good once the archive goes on.
 */
export class ArchiveBusy extends Error {
  readonly code = 'archive_busy';
  readonly retryable = true;
}

/**
 * All that was on the log, for good: every record once, as Parquet files by hour of acceptance. A file is seen
 * once an entry of the manifest names it. The entries of a partition are a chain, and the chain is the position:
 * what it covers is not written again, and what does not follow it is refused.
 *
 * Entries are rewritten by one mechanism, for forgetting and for compaction alike: new files and a new entry are
 * written beside, the partition's head is replaced on the condition that nobody else replaced it, and only then
 * what they stand for is deleted. Stopped at any point, the archive is as it was or as it was to be; what is left
 * over can never be named any more, and is taken away by whoever comes next. People are forgotten so, and not by a
 * key of each that is destroyed: plain SQL over the files goes on to work, nothing has to be asked before a file
 * is read, no store of keys can be lost or restored with what it was to forget, and the price, reading the archive
 * once for any number of people, is paid by those who forget and not by every read.
 *
 * Everything here also throws what the store of objects throws.
 */
export interface Archive {
  /**
   * Writes what the archive does not have of a batch. Of several that write the same partition at once each
   * record is taken from one. Throws ArchiveGap, or ArchiveBusy where it took so long that it has to begin again.
   */
  append(batch: ArchiveBatch, signal: AbortSignal): Promise<Archived>;
  /** The partitions that the archive has anything of. */
  partitions(signal: AbortSignal): AsyncIterable<ArchivePartition>;
  /** The entries that cover a stretch, in order. Throws ArchiveDamaged where the chain is broken. */
  entries(stretch: Stretch, signal: AbortSignal): AsyncIterable<ArchiveEntry>;
  /**
   * The records of a stretch by rising offset, each as it stood on the log. One entry's compressed bytes are held at
   * most, and some thousand records. What is rewritten meanwhile is read as it was, or as it is now. Throws ArchiveDamaged.
   */
  records(stretch: Stretch, signal: AbortSignal): AsyncIterable<LogRecord>;
  /**
   * Takes what people are to be forgotten by out of all objects: each is found by their log key, or as whoever an event
   * says. That they were forgotten stays, since a view that is built anew has to know it. What covers which offsets stays. What is appended meanwhile or later may be of theirs again: it is for the
   * caller to forget them once more when no such event can come any more. Again, or by two processes at once, it
   * changes nothing more. Throws ArchiveDamaged; and ArchiveBusy, where it has to be asked again.
   */
  forget(people: readonly Forgotten[], signal: AbortSignal): Promise<ForgottenRows>;
  /**
   * Makes large entries of small ones that follow on each other, and takes away what writers left that came second or
   * were killed: at once what can never be named any more, the rest after a day. Again, it changes nothing. Throws
   * ArchiveDamaged, and NewerEnvelope where a newer build wrote what it would have to write anew.
   */
  compact(options: { now_ms: number; large?: Large }, signal: AbortSignal): Promise<Compacted>;
  /** How much there is. Throws ArchiveDamaged. */
  contents(signal: AbortSignal): Promise<Contents>;
  /** The bytes of a file that an entry names. Throws ArchiveDamaged, also where a rewriting has taken its place. */
  bytes(file: ArchiveFile, signal: AbortSignal): Promise<Uint8Array>;
  /** Reads all of it, and tells whatever is not as it should be: nothing, where every record is there exactly once. */
  faults(signal: AbortSignal): AsyncIterable<ArchiveFault>;
  /**
   * The distinct events, and each campaign's newest content, as sorted lines. Where they stood, how often, and
   * when they were accepted does not matter. One entry's records are held at a time; what is sorted goes to disk.
   */
  dump(): AsyncIterable<string>;
}
