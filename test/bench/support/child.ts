import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a server of this folder in a process of its own, so that the load does not share its thread. It sends
 * its URL once it listens, and what it used of the processor when asked.
 */
export async function startChild(file: URL, args: readonly string[] = []) {
  const child = fork(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file.pathname} ended with ${code} before it listened`);
  });
  const [url] = (await Promise.race([once(child, 'message'), failed])) as [string];
  failed.catch(() => undefined);
  return {
    url,
    /** CPU seconds used so far. */
    async cpu_s(): Promise<number> {
      child.send('cpu');
      const [micros] = (await once(child, 'message')) as [number];
      return micros / 1e6;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The other side, in the child: tells the URL, and the CPU time whenever it is asked for. */
export function tellParent(url: string): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(url);
}
