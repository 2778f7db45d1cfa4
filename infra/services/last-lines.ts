import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const LINES = 12;
const MOST_BYTES = 8_192;

/** The last lines of a file, indented; a sentence where there are none. Reads no more of it than it must. */
export function lastLines(file: string): string {
  let text = '';
  try {
    text = endOf(file).trimEnd();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
  if (text === '') return '  (it said nothing)';
  return text
    .split('\n')
    .slice(-LINES)
    .map((line) => `  ${line}`)
    .join('\n');
}

function endOf(file: string): string {
  const opened = openSync(file, 'r');
  try {
    const { size } = fstatSync(opened);
    const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
    const read = readSync(opened, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(opened);
  }
}
