import type { Batch, LogRecord } from '#backing/log/port.ts';
import {
  BadEnvelope,
  type CampaignEnvelope,
  type EventEnvelope,
  NewerEnvelope,
  readCampaign,
  readEvent,
} from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';

/** What a batch holds, each with the record it was read from. */
export type Records = {
  events: readonly { record: LogRecord; envelope: EventEnvelope }[];
  campaigns: readonly { record: LogRecord; envelope: CampaignEnvelope }[];
};

export type BadRecord = { record: LogRecord; error: BadEnvelope };

/**
 * Reads a batch, each record once. What is no envelope is set apart; reading ends before the first record of a
 * newer version, since a partition keeps its order.
 */
export function readRecords({
  topic,
  records,
}: Batch): Records & { bad: BadRecord[]; newer: NewerEnvelope | null } {
  const events: { record: LogRecord; envelope: EventEnvelope }[] = [];
  const campaigns: { record: LogRecord; envelope: CampaignEnvelope }[] = [];
  const bad: BadRecord[] = [];
  for (const record of records) {
    try {
      if (topic === topics.campaigns) campaigns.push({ record, envelope: readCampaign(record.value) });
      else events.push({ record, envelope: readEvent(record.value) });
    } catch (error) {
      if (error instanceof NewerEnvelope) return { events, campaigns, bad, newer: error };
      if (!(error instanceof BadEnvelope)) throw error;
      bad.push({ record, error });
    }
  }
  return { events, campaigns, bad, newer: null };
}
