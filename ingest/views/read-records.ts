import type { Batch, LogRecord } from '#backing/log/port.ts';
import {
  BadDeletion,
  BadEnvelope,
  type CampaignEnvelope,
  type DeletionEnvelope,
  type EventEnvelope,
  isDeletion,
  NewerEnvelope,
  readCampaign,
  readPersonal,
} from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import { type Failed, isLetter, readLetter, recordIn } from '../dead-letters/letter.ts';

/** A record, and how often it was tried, this time included. */
type Tried = { record: LogRecord; attempts: number };

/** What a batch holds, each with the record it was read from: a redriven one with where it stood at first. */
export type Records = {
  events: readonly (Tried & { envelope: EventEnvelope })[];
  campaigns: readonly (Tried & { envelope: CampaignEnvelope })[];
  /** Who is to be forgotten. */
  deletions: readonly (Tried & { envelope: DeletionEnvelope })[];
  /** What could not be read, for a view that takes that as well. */
  bad: readonly Failed[];
};

/**
 * Reads a batch for a group, each record once; of `retry` what is the group's. What is no envelope is set apart;
 * reading ends before the first record that must not be passed over, of a newer version or a deletion that cannot be
 * read, since a partition keeps its order.
 */
export function readRecords(
  { topic, records, attempt }: Batch,
  group: string,
): Records & { stop: NewerEnvelope | BadDeletion | null } {
  const events: (Tried & { envelope: EventEnvelope })[] = [];
  const campaigns: (Tried & { envelope: CampaignEnvelope })[] = [];
  const deletions: (Tried & { envelope: DeletionEnvelope })[] = [];
  const bad: Failed[] = [];
  for (const read of records) {
    const tried =
      topic === topics.retry ? redriven(read, group, attempt) : { record: read, attempts: attempt };
    if (!tried) continue;
    const { record } = tried;
    try {
      if (record.topic === topics.campaigns)
        campaigns.push({ ...tried, envelope: readCampaign(record.value) });
      else {
        const envelope = readPersonal(record.value);
        if (isDeletion(envelope)) deletions.push({ ...tried, envelope });
        else events.push({ ...tried, envelope });
      }
    } catch (error) {
      if (error instanceof NewerEnvelope || error instanceof BadDeletion)
        return { events, campaigns, deletions, bad, stop: error };
      if (!(error instanceof BadEnvelope)) throw error;
      bad.push({ ...tried, error });
    }
  }
  return { events, campaigns, deletions, bad, stop: null };
}

/** The record within a redriven one; null where it is another group's. What is no letter stands for itself. */
function redriven(record: LogRecord, group: string, attempt: number): Tried | null {
  const letter = readLetter(record.value);
  if (!isLetter(letter)) return { record, attempts: attempt };
  if (letter.group !== group) return null;
  return { record: recordIn(letter, record.appended_ms), attempts: letter.attempts + attempt };
}
