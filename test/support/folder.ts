import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder for the test at hand, removed once it has finished: after all that it registers later has been closed. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgewise-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
