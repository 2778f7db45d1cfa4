import { writeFile } from 'node:fs/promises';

export type BenchOptions = {
  json?: string | undefined;
  events?: string | undefined;
  campaigns?: string | undefined;
  /** Of several, only those whose name has this in it. */
  only?: string | undefined;
  /** On the real services of the environment, where a benchmark is of both. */
  services?: boolean | undefined;
  /** How long each measurement takes. */
  seconds: number;
};

type Rows = readonly Record<string, unknown>[];

/**
 * Prints rows as a table, or several by their titles, figures to three digits, and writes all that was measured where
 * that is asked for.
 */
export async function report(
  name: string,
  rows: Rows | Readonly<Record<string, Rows>>,
  { json }: BenchOptions,
): Promise<void> {
  const short = (value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;
  const tables: [string, Rows][] = Array.isArray(rows) ? [['', rows]] : Object.entries(rows);
  for (const [title, table] of tables) {
    if (title) console.log(`\n${title}`);
    console.table(
      table.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, short(value)]))),
    );
  }
  if (json)
    await writeFile(json, `${JSON.stringify({ bench: name, node: process.version, rows }, null, 2)}\n`);
}
