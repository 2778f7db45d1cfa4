import { basename } from 'node:path';
import type { Progress } from '../terminal/progress.ts';
import type { RouteName, Send } from './gateway-client.ts';
import type { Records } from './records.ts';
import type { Rejects } from './rejects.ts';
import { sendLines } from './send-lines.ts';
import { tally } from './tally.ts';

export type ImportFilesOptions = {
  campaigns: Records | null;
  events: Records | null;
  send: Send;
  rejects: Rejects;
  progress: Progress;
  /** The most lines in one request. */
  max_lines?: number;
};

/** How many were accepted, of all and of the events; `person` is somebody of whom the events tell much, if of anybody. */
export type Imported = { accepted: number; events: number; refused: number; person: string | null };

/**
 * Sends campaigns, then events, each file in its order. Whatever was sent before, in whatever import that was
 * cut off, is sent again without harm. Throws what `send` and the files throw.
 */
export async function importFiles({
  campaigns,
  events,
  rejects,
  progress,
  ...sending
}: ImportFilesOptions): Promise<Imported> {
  const imported = { accepted: 0, events: 0, refused: 0 };
  const { note, person } = tally();

  function importFile(records: Records, route: RouteName) {
    return progress(basename(records.path), records.count, async (at) => {
      let done = 0;
      await sendLines({
        ...sending,
        route,
        lines: records.lines(),
        onSent({ accepted, refused }) {
          imported.accepted += accepted.length;
          if (route === 'imports') {
            imported.events += accepted.length;
            note(accepted);
          }
          imported.refused += refused.length;
          rejects.write(records.path, refused);
          done += accepted.length + refused.length;
          at(done);
        },
      });
    });
  }

  if (campaigns) await importFile(campaigns, 'campaigns');
  if (events) await importFile(events, 'imports');
  return { ...imported, person: person() };
}
