import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Archive } from '#backing/archive/port.ts';
import { toStderr } from '#backing/http/report.ts';
import { openArchive } from '#backing/open/archive.ts';
import { openPorts, readPorts } from '#backing/open/open-ports.ts';
import { DEFAULT_DATA, refuseForeign } from '../folder/data-folder.ts';
import { Mendable } from '../terminal/mendable.ts';

/** Which archive is meant: of a data folder, or with `services` the one that the environment names. */
export type WhichArchive = { data: string; services: boolean };

/** Opens an archive; whoever else has it, what the commands do is safe beside that. Throws Mendable, or what the services throw. */
export async function archiveOf(
  stack: AsyncDisposableStack,
  { data, services }: WhichArchive,
): Promise<Archive> {
  if (services) {
    const chosen = readPorts(['views'], {}, process.env, ['archive']);
    const means = { clock: Date.now, report: toStderr, application: 'edgewise-archive' };
    return (await openPorts<'views'>(stack, chosen, means)).archive;
  }
  refuseForeign(data);
  const folder = join(data, 'archive');
  if (!existsSync(folder)) {
    const beside = data === DEFAULT_DATA ? 'name one with --data' : 'name another with --data';
    throw new Mendable(`${folder} is not there: ${beside}, or start the instance whose it is first`);
  }
  const archive = openArchive(folder);
  stack.defer(() => archive.close());
  return archive;
}
