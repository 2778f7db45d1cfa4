import { writeFile } from 'node:fs/promises';

export type BenchOptions = {
  json?: string | undefined;
  events?: string | undefined;
  campaigns?: string | undefined;
  /** How long each measurement takes. */
  seconds: number;
};

/** Prints rows as a table, figures to three digits, and writes all that was measured where that is asked for. */
export async function report(
  name: string,
  rows: readonly Record<string, unknown>[],
  { json }: BenchOptions,
): Promise<void> {
  const short = (value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;
  console.table(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, short(value)]))),
  );
  if (json)
    await writeFile(json, `${JSON.stringify({ bench: name, node: process.version, rows }, null, 2)}\n`);
}
