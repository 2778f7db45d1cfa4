import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../../..');

/** The origin as it is deployed, in a process of its own; its reports go to `told`. */
export async function originProcess(env: Readonly<Record<string, string>>, told: (line: string) => void) {
  const child = spawn(process.execPath, ['origin/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  createInterface(child.stderr).on('line', told);
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), closed])) as [unknown];
  const url = /http:\S+/.exec(String(line))?.[0];
  if (!url) throw new Error('The origin did not start; what it said stands above');
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
