import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

/**
 * Which process it was, and no other: the system gives a process id anew once it is free, but never with the same
 * start time in the same boot.
 */
export const Identity = v.strictObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(2)),
  /** In clock ticks since the boot. */
  started: v.string(),
  boot: v.string(),
});
export type Identity = v.InferOutput<typeof Identity>;

/** The process that has this id now; null where there is none, or only one that has ended and waits to be reaped. */
export function identify(pid: number, proc = '/proc'): Identity | null {
  const stat = readOrNull(join(proc, String(pid), 'stat'));
  const boot = readOrNull(join(proc, 'sys', 'kernel', 'random', 'boot_id'));
  if (stat === null || boot === null) return null;
  const { state, started } = parseStat(stat);
  return state === 'Z' || state === 'X' ? null : { pid, started, boot: boot.trim() };
}

/** True while that very process runs; false where its id now belongs to another. */
export function lives({ pid, started, boot }: Identity, proc = '/proc'): boolean {
  const now = identify(pid, proc);
  return now !== null && now.started === started && now.boot === boot;
}

/** Fields 3 and 22 of proc(5) stat. The name in field 2 may hold spaces and parentheses, so it ends at the last one. */
export function parseStat(stat: string): { state: string; started: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  if (!state || !started) throw new Error(`Not a process status: ${stat}`);
  return { state, started };
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // ESRCH: it ended between the opening and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as { code: string }).code)) return null;
    throw error;
  }
}
