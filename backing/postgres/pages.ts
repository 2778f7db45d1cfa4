import type { Ask, Statement } from './statement.ts';

const ROWS = 1_000;

/**
 * All rows of a statement, a page at a time. It takes the parts of a key and then a number, and gives that many
 * rows at most, in the order of their keys, from the first after that key on. No key begins with an empty part.
 */
export async function* pages<Row>(
  ask: Ask,
  statement: Statement,
  keyOf: (row: Row) => readonly string[],
  parts: number,
): AsyncGenerator<Row> {
  let after: readonly string[] = Array.from({ length: parts }, () => '');
  for (;;) {
    const rows = await ask<Row>(statement, [...after, ROWS]);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < ROWS) return;
    after = keyOf(last);
  }
}
