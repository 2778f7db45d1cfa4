import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(ROOT, 'infra/local/cli.ts');

/** Starts the CLI as npm would. It is stopped when the test has finished, if it is still running. */
export function startCli(...args: string[]) {
  const { child, closed } = spawnCli(args);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    /** The exit code, once it has ended. */
    async code(): Promise<number | null> {
      return (await closed)[0];
    },
    /** The next line of its output that begins so. Throws where it ends without. */
    async line(start: string): Promise<string> {
      for (let next = await lines.next(); !next.done; next = await lines.next()) {
        if (next.value.startsWith(start)) return next.value;
      }
      throw new Error(`It ended without a line "${start}…": ${await text(child.stderr)}`);
    },
  };
}

/** Runs the CLI to its end. */
export async function cli(...args: string[]) {
  const { child, closed } = spawnCli(args);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code: code as number | null, stdout, stderr };
}

function spawnCli(args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    // Not SIGKILL, which would leave its workerd running.
    child.kill('SIGTERM');
    await closed;
  });
  return { child, closed };
}
