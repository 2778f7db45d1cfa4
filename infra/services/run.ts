import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Mendable } from '../local/terminal/mendable.ts';
import type { Account } from './account.ts';
import { lastLines } from './last-lines.ts';

type Options = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly as?: Account;
  /** What it reads on its standard input. */
  readonly input?: string;
};

/**
 * Runs a command to its end and gives its standard output. Throws Mendable, with the last lines that it said, where it
 * fails, and where there is no such command.
 */
export type Run = (command: string, args: readonly string[], options?: Options) => Promise<string>;

/** Commands whose words all go to a log file. They are ended when the signal aborts. */
export function runInto(log: string, signal: AbortSignal): Run {
  return async (command, args, { env, cwd = '/', as, input = '' } = {}) => {
    signal.throwIfAborted();
    const file = createWriteStream(log, { flags: 'a', mode: 0o600 });
    const said: string[] = [];
    try {
      file.write(`$ ${command} ${args.join(' ')}\n`);
      const child = spawn(command, args, { cwd, ...as, env: { ...process.env, ...env }, signal });
      // A child that ends without having read its input is told by its exit code.
      child.stdin.on('error', () => {}).end(input);
      child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
      child.stdout.pipe(file, { end: false });
      child.stderr.pipe(file, { end: false });
      const [code] = await once(child, 'close');
      await new Promise((done) => file.end(done));
      if (code === 0) return said.join('');
    } catch (cause) {
      if ((cause as { code?: string }).code === 'ENOENT') {
        throw new Mendable(`There is no command ${command} here: install it, and try again`, { cause });
      }
      throw signal.aborted ? signal.reason : cause;
    } finally {
      file.end();
    }
    throw new Mendable(`${command} failed. Its last words, of ${log}:\n${lastLines(log)}`);
  };
}
