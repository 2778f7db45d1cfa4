import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, openSync, renameSync } from 'node:fs';
import { Mendable } from '../local/terminal/mendable.ts';
import { type Identity, identify } from './identity.ts';
import type { Launch } from './service.ts';

/**
 * Starts a server that outlives this process, its words going to the log; what an earlier one said is kept as
 * `<log>.previous`. Throws Mendable where it cannot be run at all or has ended at once.
 */
export async function launch({ command, args, env, as }: Launch, log: string): Promise<Identity> {
  keepPrevious(log);
  const words = openSync(log, 'a', 0o600);
  try {
    // Detached, so that neither a Ctrl-C at the terminal nor its closing reaches it.
    const child = spawn(command, args, {
      cwd: '/',
      ...as,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', words, words],
    });
    await once(child, 'spawn').catch((cause) => {
      throw new Mendable(`${command} cannot be run: ${cause.message}`, { cause });
    });
    child.unref();
    const identity = child.pid === undefined ? null : identify(child.pid);
    if (!identity) throw new Mendable(`${command} ended at once`);
    return identity;
  } finally {
    closeSync(words);
    chmodSync(log, 0o600);
  }
}

function keepPrevious(log: string): void {
  try {
    renameSync(log, `${log}.previous`);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}
