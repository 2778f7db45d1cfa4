import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { Mendable } from '../local/terminal/mendable.ts';
import { alone } from './lock.ts';
import type { Place } from './place.ts';

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs Debian packages, as root; one caller at a time. A package's name carries the major version; the minor one is
 * what Debian's security updates have come to, since Debian takes the earlier ones away.
 */
export async function aptInstall({ installs, run }: Place, packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Mendable(`Debian packages are missing: run  sudo apt-get install ${packages.join(' ')}  first`);
  }
  const lock = { folder: installs, name: 'apt', signal: new AbortController().signal, waiting: () => {} };
  await alone(lock, () =>
    withoutStarting(async () => {
      const install = ['install', '-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
      const env = { DEBIAN_FRONTEND: 'noninteractive' };
      await run('apt-get', ['update', '-q'], { env });
      await run('apt-get', [...install, ...packages], { env });
    }),
  );
}

/** Debian's packages start a server of their own on the usual port, unless this file says that they must not. */
async function withoutStarting(work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return await work();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
