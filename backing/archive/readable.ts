import type { LogRecord } from '#backing/log/port.ts';
import { BadDeletion, BadEnvelope, readCampaign, readPersonal } from '#contract/envelope.ts';
import { topics } from '#contract/topics.ts';
import type { Archivable } from './port.ts';

/** A record with what can be read from it. Throws NewerEnvelope. */
export function archivable(record: LogRecord): Archivable {
  try {
    const read = record.topic === topics.campaigns ? readCampaign : readPersonal;
    return { record, envelope: read(record.value) };
  } catch (error) {
    if (!(error instanceof BadEnvelope || error instanceof BadDeletion)) throw error;
    return { record, envelope: null };
  }
}
