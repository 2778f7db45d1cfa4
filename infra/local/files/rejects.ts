import { appendFileSync, rmSync } from 'node:fs';
import type { Refused } from './send-lines.ts';

/** Where refused lines are told, one JSON object each: file, line, code, what to mend. */
export type Rejects = { path: string; write(file: string, refused: readonly Refused[]): void };

/**
 * Begins anew, so that what an earlier import left there is gone, unless that `goesOn`. The file is there only once
 * something is refused.
 */
export function openRejects(path: string, { goesOn = false } = {}): Rejects {
  if (!goesOn) rmSync(path, { force: true });
  return {
    path,
    write(file, refused) {
      if (refused.length === 0) return;
      const lines = refused.map(({ line, ...why }) => `${JSON.stringify({ file, line, ...why })}\n`);
      appendFileSync(path, lines.join(''));
    },
  };
}
