import type { Deletion } from '#backing/deletions/port.ts';
import type { Batch } from '#backing/log/port.ts';
import type { Clock } from '#contract/clock.ts';
import { topics } from '#contract/topics.ts';
import { deadLetter } from '../dead-letters/letter.ts';
import { changedOwners } from './changed-owners.ts';
import type { Written } from './observed-stores.ts';
import { type Records, readRecords } from './read-records.ts';
import { writeSettingApart } from './set-apart.ts';

/** A store derived from the log: what it reads, and how it writes. */
export type View = {
  group: string;
  topics: readonly string[];
  max_records: number;
  /** As the log's consumers have them. */
  max_bytes?: number;
  linger_ms?: number;
  /** True where no answer rests on it: then it raises no epochs. */
  behind_answers?: boolean;
  /** True where it writes what cannot be read as well: then that is no dead letter of its own. */
  takes_unreadable?: boolean;
  /**
   * Writes records of one partition, in their order. Writing the same again changes nothing. Calls `stillOurs`
   * before the store is touched, whenever it has awaited anything else. Rejects with RecordRefused where the store
   * will never take one of them.
   */
  write(records: Records, hand: Hand): Promise<void>;
  /**
   * Takes out of the store what is to be forgotten of people, and keeps it out for good: of whatever is written, before
   * or after, only what was accepted and occurred after that moment stays. The same again changes nothing.
   */
  forget(deletions: readonly Deletion[], signal: AbortSignal): Promise<void>;
};

/** The hold on a partition while a batch is at hand. */
export type Hand = {
  signal: AbortSignal;
  /** Throws StaleBatch once the partition belongs to another member. */
  stillOurs(): void;
};

/** What became of a batch: what the store has now, and how many went to the dead letters. */
export type Handled = { written: Records; failed: number };

/** The partition belongs to another member now, which is handed the same records. */
export class StaleBatch extends Error {
  readonly code = 'stale_batch';
  readonly retryable = true;
}

/**
 * Handles batches for a view: its store is written, whoever is to be forgotten is, what cannot be read or is refused for good goes to the dead
 * letters, and the epochs of whoever's answers change are raised, in that order; offsets are committed after that. So whatever
 * fails, all of it is done again, and an epoch is never raised before what it tells of can be read.
 * Rejects with StaleBatch, with NewerEnvelope or BadDeletion once all before it is done, or with what a port threw. A deletion
 * that fails is never passed over: it comes again, or its partition waits.
 */
export function handlerOf(
  view: View,
  { log, answers, clock }: Pick<Written, 'log' | 'answers'> & { clock: Clock },
) {
  return async (batch: Batch): Promise<Handled> => {
    const { signal } = batch;
    const { bad, stop, ...read } = readRecords(batch, view.group);
    const records = { ...read, bad: view.takes_unreadable ? bad : [] };
    const stillOurs = () => {
      if (batch.isStale()) throw new StaleBatch('The partition belongs to another member now');
    };

    const { written, refused } = await writeSettingApart(records, (some) => {
      stillOurs();
      return view.write(some, { signal, stillOurs });
    });
    stillOurs();
    if (records.deletions.length > 0) {
      await view.forget(records.deletions.map(deletionOf), signal);
      stillOurs();
    }
    const failed = [...(view.takes_unreadable ? [] : bad), ...refused];
    if (failed.length > 0) {
      const about = { group: view.group, now_ms: clock() };
      await log.append(
        topics.deadLetters,
        failed.map((one) => deadLetter(one, about)),
        signal,
      );
      stillOurs();
    }
    const owners = view.behind_answers ? [] : changedOwners(written);
    if (owners.length > 0) await answers.raise(owners, signal);
    if (stop) throw stop;
    return { written, failed: failed.length };
  };
}

/** What a record of a deletion says, and where it stands. */
export function deletionOf({ record, envelope }: Records['deletions'][number]): Deletion {
  const { tenant_id, accepted_at, deletion } = envelope;
  const { partition, offset } = record;
  return { ...deletion, tenant_id, forgotten_at: accepted_at, partition, offset };
}
