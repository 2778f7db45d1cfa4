import { RecordRefused } from '#backing/record-refused.ts';
import type { Failed } from '../dead-letters/letter.ts';
import type { Records } from './read-records.ts';

/**
 * Writes records, and sets apart those that the store will never take: a refused batch is written by halves, down
 * to the one that is at fault, so that the others are written. Writing the same again changes nothing, so what is
 * written more than once by that does no harm. Rejects with whatever else `write` rejects with.
 */
export async function writeSettingApart(
  records: Records,
  write: (records: Records) => Promise<void>,
): Promise<{ written: Records; refused: Failed[] }> {
  try {
    await write(records);
    return { written: records, refused: [] };
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error;
    const all = [...records.events, ...records.campaigns];
    if (all.length === 1)
      return {
        written: { events: [], campaigns: [], deletions: [], bad: records.bad },
        refused: all.map(({ record, attempts }) => ({ record, attempts, error })),
      };
    const [one, other] = halves(records);
    const first = await writeSettingApart(one, write);
    const second = await writeSettingApart(other, write);
    return {
      written: {
        events: [...first.written.events, ...second.written.events],
        campaigns: [...first.written.campaigns, ...second.written.campaigns],
        deletions: records.deletions,
        bad: records.bad,
      },
      refused: [...first.refused, ...second.refused],
    };
  }
}

/** The earlier and the later half; events and campaigns apart first, since no order is promised between them. */
function halves({ events, campaigns, bad }: Records): [Records, Records] {
  if (events.length > 0 && campaigns.length > 0) {
    return [
      { events, campaigns: [], deletions: [], bad },
      { events: [], campaigns, deletions: [], bad: [] },
    ];
  }
  const middle = Math.ceil((events.length + campaigns.length) / 2);
  return [
    { events: events.slice(0, middle), campaigns: campaigns.slice(0, middle), deletions: [], bad },
    { events: events.slice(middle), campaigns: campaigns.slice(middle), deletions: [], bad: [] },
  ];
}
