import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel counts CPU time in: USER_HZ, which is 100 on every Linux. */
const TICKS_PER_S = 100;

/** The fields of /proc/<pid>/stat after the name, which may hold anything; null where there is no such process. */
function statOf(pid: string): { name: string; fields: string[] } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
    return { name: text.slice(open + 1, close), fields: text.slice(close + 2).split(' ') };
  } catch {
    return null;
  }
}

/** The workerd processes that this process has started. */
function workerds(): Set<string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(
    pids.filter((pid) => {
      const stat = statOf(pid);
      return stat?.name === 'workerd' && stat.fields[1] === String(process.pid);
    }),
  );
}

/** Starts something that runs one workerd, and tells what that process has used: CPU seconds, of all its threads. */
export async function withCpu<Started>(
  start: () => Promise<Started>,
): Promise<Started & { cpu_s(): number }> {
  const before = workerds();
  const started = await start();
  const [pid, ...others] = [...workerds()].filter((one) => !before.has(one));
  if (pid === undefined || others.length > 0)
    throw new Error('There is not one new workerd, whose CPU could be told');
  return {
    ...started,
    cpu_s() {
      const stat = statOf(pid);
      if (!stat) throw new Error('workerd has ended');
      return (Number(stat.fields[11]) + Number(stat.fields[12])) / TICKS_PER_S;
    },
  };
}
