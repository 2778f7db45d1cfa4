import { readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Folder, openFolder } from '#backing/folder.ts';
import { Mendable } from '../terminal/mendable.ts';

export const DEFAULT_DATA = '.edgewise';

/** All that ever stands in a data folder. */
const OURS =
  /^(format|lock|archive|learnt|(log|control|placements|(views|vectors|graph)(_r\d+)?)\.db|(imports|keys|run|state)\.json|rejected\.ndjson)(-wal|-shm|-journal|(\.\d+)?\.new)?$/;
/** What stays when it is emptied: the lock that is held; the keys, so that tokens and API keys go on to hold; and placements. */
const KEPT = /^(lock|format|keys\.json|(control|placements)\.db.*)$/;

/** Throws Mendable where something stands there that is not ours: it could be anybody's treasure. */
export function refuseForeign(path: string): void {
  const folder = resolve(path);
  const foreign = entriesOf(folder).find((name) => !OURS.test(name));
  if (foreign !== undefined) {
    throw new Mendable(
      `${folder} holds "${foreign}", which is not Edgewise's: choose an empty folder with --data, or move it away`,
    );
  }
}

/** Opens a data folder for this process alone. Throws Mendable, or what openFolder throws. */
export function openData(path: string): Folder {
  refuseForeign(path);
  return openFolder(path);
}

/** Empties a folder that was opened by openData, but for its keys. Nothing in it may be open. */
export function emptyData(folder: Folder): void {
  for (const name of entriesOf(folder.path('.')))
    if (!KEPT.test(name)) rmSync(folder.path(name), { recursive: true });
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new Mendable(`${path} is a file: name a folder with --data`, { cause });
    throw new Mendable(`${path} cannot be read: choose another folder with --data`, { cause });
  }
}
