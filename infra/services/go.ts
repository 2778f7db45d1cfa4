import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath } from './on-path.ts';
import type { Place } from './place.ts';
import { makeVenv } from './venv.ts';

const REQUIREMENTS = fileURLToPath(new URL('go-requirements.txt', import.meta.url));

/**
 * Builds a command of a Go module into `folder`, which is to be empty. Where there is no Go it is fetched for that
 * alone: Debian's own is too old for modules of today.
 */
export async function goInstall(place: Place, folder: string, module: string): Promise<void> {
  const own = join(folder, 'go');
  const env = { GOBIN: folder, CGO_ENABLED: '0' };
  if (onPath('go')) {
    await place.run('go', ['install', module], { env });
    return;
  }
  await makeVenv(place, own, REQUIREMENTS);
  await place.run(join(own, 'bin', 'go'), ['install', module], { env });
  rmSync(own, { recursive: true });
}
