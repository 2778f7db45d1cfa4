import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Runs one of the mains; its environment is what is given, and no more than where Node finds programs and compiled
 * files. It is gone when the test has finished.
 */
function spawnTier(args: readonly string[], env: Record<string, string>) {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return { child, closed };
}

/** A tier as a process of its own, once it is up. `said` are the lines that say so, as many as there are roles. */
export async function startTier(args: readonly string[], env: Record<string, string>, roles = 1) {
  const { child, closed } = spawnTier(args, env);
  const told = text(child.stderr);
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === roles) break;
  }
  if (said.length < roles) {
    const [code] = await closed;
    throw new Error(`${args.join(' ')} ended with ${code}: ${await told}`);
  }
  const urlOf = (role: string) =>
    /http:\S+/.exec(said.find((line) => line.startsWith(role)) ?? '')?.[0] ?? '';
  return { child, said, urlOf, told };
}

/** Runs one to its end. */
export async function tierEnds(args: readonly string[], env: Record<string, string>) {
  const { child, closed } = spawnTier(args, env);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code: code as number | null, stdout, stderr };
}

/** Asks a process to end, and gives its exit code. */
export async function stopTier(child: ChildProcess): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exited;
  return code as number | null;
}
