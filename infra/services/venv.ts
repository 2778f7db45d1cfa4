import { join } from 'node:path';
import { aptInstall } from './apt.ts';
import type { Place } from './place.ts';

/** Makes a Python environment in a folder with just what a file of requirements pins. */
export async function makeVenv(place: Place, folder: string, requirements: string): Promise<void> {
  // Debian packs this apart, and a venv without it has no pip.
  const hasPip = await place.run('python3', ['-c', 'import ensurepip']).then(
    () => true,
    () => false,
  );
  if (!hasPip) await aptInstall(place, ['python3-venv']);
  await place.run('python3', ['-m', 'venv', folder]);
  const options = ['install', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  await place.run(join(folder, 'bin', 'pip'), options);
}
