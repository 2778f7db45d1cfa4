import type { Answers } from '#backing/answers/port.ts';
import type { Batch, Log } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import { topics } from '#contract/topics.ts';
import { changedOwners } from './changed-owners.ts';
import { deadLetter } from './dead-letter.ts';
import { type Records, readRecords } from './read-records.ts';

/** A store derived from the log: what it reads, and how it writes. */
export type View = {
  group: string;
  topics: readonly string[];
  max_records: number;
  /**
   * Writes records of one partition, in their order. Writing the same again changes nothing. Calls `stillOurs`
   * before the store is touched, whenever it has awaited anything else.
   */
  write(records: Records, hand: Hand): Promise<void>;
};

/** The hold on a partition while a batch is at hand. */
export type Hand = {
  signal: AbortSignal;
  /** Throws StaleBatch once the partition belongs to another member. */
  stillOurs(): void;
};

/** The partition belongs to another member now, which is handed the same records. */
export class StaleBatch extends Error {
  readonly code = 'stale_batch';
  readonly retryable = true;
}

/**
 * Handles batches for a view: its store is written, what cannot be read goes to the dead letters, and the
 * epochs of whoever's answers change are raised, in that order; offsets are committed after that. So whatever
 * fails, all of it is done again, and an epoch is never raised before what it tells of can be read.
 * Rejects with StaleBatch, with NewerEnvelope once all before it is done, or with what a port threw.
 */
export function handlerOf(view: View, { log, answers, clock }: { log: Log; answers: Answers; clock: Clock }) {
  return async (batch: Batch): Promise<void> => {
    const { signal, attempt } = batch;
    const { bad, newer, ...records } = readRecords(batch);
    const stillOurs = () => {
      if (batch.isStale()) throw new StaleBatch('The partition belongs to another member now');
    };

    stillOurs();
    await view.write(records, { signal, stillOurs });
    stillOurs();
    if (bad.length > 0) {
      const about = { group: view.group, attempts: attempt, now_ms: clock() };
      await log.append(
        topics.deadLetters,
        bad.map((one) => deadLetter(one, about)),
        signal,
      );
      stillOurs();
    }
    const owners = changedOwners(records);
    if (owners.length > 0) await answers.raise(owners, signal);
    if (newer) throw newer;
  };
}
