import { basename } from 'node:path';
import type { Progress } from '../terminal/progress.ts';
import type { OpenCheckpoint } from './checkpoint.ts';
import type { RouteName, Send } from './gateway-client.ts';
import type { Records } from './records.ts';
import type { Rejects } from './rejects.ts';
import { sendLines } from './send-lines.ts';
import type { Line } from './split-lines.ts';
import { tally } from './tally.ts';

export type ImportFilesOptions = {
  campaigns: Records | null;
  events: Records | null;
  send: Send;
  rejects: Rejects;
  progress: Progress;
  /** The most lines in one request. */
  max_lines?: number;
  /** Where it is kept how far each file is; else every file is sent from its start on. */
  checkpoint?: OpenCheckpoint;
};

/** How many were accepted, of all and of the events; `person` is somebody of whom the events tell much, if of anybody. */
export type Imported = { accepted: number; events: number; refused: number; person: string | null } & {
  /** To be called once the views have it all as well: from then on the same import begins anew. */
  done(): void;
};

/**
 * Sends campaigns, then events, each file in its order, from where an import of it was broken off. Whatever was sent
 * before all the same is sent again without harm, and counts as what became of it then. Throws what `send` and the files throw.
 */
export async function importFiles({
  campaigns,
  events,
  rejects,
  progress,
  checkpoint,
  ...sending
}: ImportFilesOptions): Promise<Imported> {
  const imported = { accepted: 0, events: 0, refused: 0 };
  const ended: (() => void)[] = [];
  const { note, person } = tally();

  async function importFile(records: Records, route: RouteName) {
    const kept = await checkpoint?.(route, records.path);
    const reached = { ...(kept?.reached ?? { line: 0, accepted: 0, refused: 0 }) };
    const before = reached.accepted + reached.refused;
    imported.accepted += reached.accepted;
    imported.refused += reached.refused;
    if (route === 'imports') imported.events += reached.accepted;
    await progress(basename(records.path), Math.max(0, records.count - before), async (at) => {
      await sendLines({
        ...sending,
        route,
        lines: after(reached.line, records.lines()),
        onSent({ accepted, refused }) {
          imported.accepted += accepted.length;
          if (route === 'imports') {
            imported.events += accepted.length;
            note(accepted);
          }
          imported.refused += refused.length;
          rejects.write(records.path, refused);
          reached.line = Math.max(reached.line, accepted.at(-1)?.number ?? 0, refused.at(-1)?.line ?? 0);
          reached.accepted += accepted.length;
          reached.refused += refused.length;
          kept?.note(reached);
          at(reached.accepted + reached.refused - before);
        },
      });
    });
    if (kept) ended.push(kept.done);
  }

  if (campaigns) await importFile(campaigns, 'campaigns');
  if (events) await importFile(events, 'imports');
  return {
    ...imported,
    person: person(),
    done() {
      for (const done of ended) done();
    },
  };
}

/** The lines after one of that number. */
async function* after(line: number, lines: AsyncIterable<Line[]>): AsyncGenerator<Line[]> {
  for await (const some of lines) {
    const left = some.filter(({ number }) => number > line);
    if (left.length > 0) yield left;
  }
}
