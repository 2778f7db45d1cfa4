import { readFileSync } from 'node:fs';

/** How many ticks of its clock Linux gives a second of a processor (proc(5)). */
const TICKS_PER_S = 100;

/** CPU seconds that a process of this machine used so far, its threads included; null where it cannot be seen. */
export function processorTime(pid: number | null): number | null {
  if (pid === null) return null;
  try {
    // The name may hold anything, so fields are counted from after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return null;
  }
}
