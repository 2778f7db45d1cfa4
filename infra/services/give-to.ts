import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import type { Account } from './account.ts';

/** Makes a folder for one account alone. */
export function giveTo(folder: string, as: Account | undefined): void {
  mkdirSync(folder, { recursive: true });
  if (as) chownSync(folder, as.uid, as.gid);
  chmodSync(folder, 0o700);
}
