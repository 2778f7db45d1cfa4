import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Mendable } from '../local/terminal/mendable.ts';
import { dataOf, type Folders, makeFolders } from './place.ts';

const MARK = '.edgewise-services';

/** Makes the folders ours. Throws Mendable where that of the data holds something else: it would be in danger. */
export function claim(folders: Folders): void {
  makeFolders(folders);
  const mark = join(folders.data, MARK);
  if (existsSync(mark)) return;
  if (readdirSync(folders.data).length > 0) {
    throw new Mendable(`${folders.data} holds what is not Edgewise's: choose an empty folder with --data`);
  }
  writeFileSync(mark, '');
}

/** Takes away all that a service has kept. Its process must have ended, and the folders be claimed. */
export function emptyData(folders: Folders, name: string): void {
  rmSync(dataOf(folders, name), { recursive: true, force: true });
}
