import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process used of the processor so far, and holds of the memory now. */
type Usage = { cpu_us: number; rss_bytes: number };

/** Variables that a process is given beside ours. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Runs a file of this folder in a process of its own, so that the load does not share its thread. It sends
 * something once it is ready, such as its URL, and what it used of the machine when asked.
 */
export async function startChild<Ready = string>(
  file: URL,
  { args = [], environment = {} }: { args?: readonly string[]; environment?: Environment } = {},
) {
  const env = { ...process.env, ...environment };
  const child = fork(file, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file.pathname} ended with ${code} before it was ready`);
  });
  const [ready] = (await Promise.race([once(child, 'message'), failed])) as [Ready];
  failed.catch(() => undefined);
  const usage = async (): Promise<Usage> => {
    child.send('usage');
    const [used] = (await once(child, 'message')) as [Usage];
    return used;
  };
  return {
    /** What it sent: of a server its URL. */
    ready,
    usage,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The other side, in the child: tells that it is ready, and what it used whenever it is asked for. */
export function tellParent(ready: unknown): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu_us: user + system, rss_bytes: process.memoryUsage.rss() });
  });
  // A parent that was killed asks for nothing more.
  process.once('disconnect', () => process.exit(1));
  process.send?.(ready);
}
