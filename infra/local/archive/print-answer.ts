import type { JS } from '@duckdb/node-api';
import { count } from '../terminal/progress.ts';
import type { Answer } from './query.ts';

/** So many rows a table has at most, and so many characters a cell. */
const [MOST_ROWS, WIDEST] = [1_000, 60];

/** A value as JSON has it: whole numbers as numbers, where they can be; moments as in the API. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** Rows as JSON, each an object in a line. */
export async function printJson({ columns, rows }: Answer, print: (line: string) => void): Promise<void> {
  for await (const some of rows) {
    for (const row of some)
      print(JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])), plain));
  }
}

/** Rows as a table for a person: the first thousand, long texts cut short. */
export async function printTable({ columns, rows }: Answer, print: (line: string) => void): Promise<void> {
  const shown: string[][] = [];
  let all = 0;
  for await (const some of rows) {
    all += some.length;
    for (const row of some.slice(0, Math.max(0, MOST_ROWS - shown.length)))
      shown.push(columns.map((_, at) => cell(row[at] ?? null)));
  }
  const widths = columns.map((name, at) =>
    Math.max(name.length, ...shown.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((one, at) => one.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  print(line(columns));
  print(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of shown) print(line(row));
  const rest = all > shown.length ? `; the first ${count(shown.length)} are shown, --json gives all` : '';
  print(`(${count(all)} ${all === 1 ? 'row' : 'rows'}${rest})`);
}

function cell(value: JS): string {
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object' && value !== null
        ? JSON.stringify(value, plain)
        : String(value ?? '');
  const inLine = text.replaceAll(/\s+/g, ' ');
  return inLine.length > WIDEST ? `${inLine.slice(0, WIDEST - 1)}…` : inLine;
}
