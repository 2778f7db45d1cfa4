import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Mendable } from '../../../infra/local/terminal/mendable.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The origin as it is deployed, in a process of its own; its reports go to `told`. */
export async function originProcess(env: Readonly<Record<string, string>>, told: (line: string) => void) {
  const child = spawn(process.execPath, ['origin/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const said: string[] = [];
  createInterface(child.stderr).on('line', (line) => {
    if (said.length < 20) said.push(line);
    told(line);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), closed])) as [unknown];
  const url = /http:\S+/.exec(String(line))?.[0];
  if (!url) throw new Mendable(`The origin did not start: ${said.join(' ')}`);
  return {
    url,
    pid: child.pid ?? null,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
