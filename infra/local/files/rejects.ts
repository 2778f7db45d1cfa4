import { appendFileSync, rmSync } from 'node:fs';
import type { Refused } from './send-lines.ts';

/** Where refused lines are told, one JSON object each: file, line, code, what to mend. */
export type Rejects = { path: string; write(file: string, refused: readonly Refused[]): void };

/** Begins anew: what an earlier import left there is gone. The file is there only once something is refused. */
export function openRejects(path: string): Rejects {
  rmSync(path, { force: true });
  return {
    path,
    write(file, refused) {
      if (refused.length === 0) return;
      const lines = refused.map(({ line, ...why }) => `${JSON.stringify({ file, line, ...why })}\n`);
      appendFileSync(path, lines.join(''));
    },
  };
}
