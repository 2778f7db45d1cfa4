import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MARK = '.complete';

/** True where an installation reached its end. */
export const isComplete = (folder: string): boolean => existsSync(join(folder, MARK));

/** Fills a folder, anew where an earlier attempt was broken off; it counts as complete only after that. */
export async function complete(folder: string, fill: () => Promise<void>): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await fill();
  writeFileSync(join(folder, MARK), '');
}
