import { wordsOf } from '../words.ts';
import { PairCounts } from './pair-counts.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A symmetric matrix by its rows: of row i the columns and values from `starts[i]` to `starts[i + 1]`. */
export type Sparse = { size: number; starts: Uint32Array; columns: Uint32Array; values: Float32Array };

/** Of a longer text only so many distinct words are paired, since pairs grow by the square. */
const WORDS_A_TEXT = 40;
/** 100 MB of pairs at most. */
const PAIRS = 2 ** 23;
/** Smooths how frequent a context is, so that rare words are not like all they once stood beside. */
const SMOOTHING = 0.75;

/**
 * How much more often two words stand in one text than by chance: positive pointwise mutual information with smoothed
 * contexts (Levy, Goldberg and Dagan, 2015), the mean of both directions.
 */
export function ppmi(texts: readonly string[], { slots, words }: Vocabulary): Sparse {
  const pairs = new PairCounts(PAIRS);
  for (const text of texts) {
    const found: number[] = [];
    for (const word of wordsOf(text)) {
      const slot = slots.get(word);
      if (slot !== undefined) found.push(slot);
      if (found.length === WORDS_A_TEXT) break;
    }
    for (let i = 1; i < found.length; i++) {
      for (let j = 0; j < i; j++) pairs.add(found[i] as number, found[j] as number);
    }
  }

  const size = words.length;
  const totals = new Float64Array(size);
  pairs.each((a, b, count) => {
    totals[a] = (totals[a] as number) + count;
    totals[b] = (totals[b] as number) + count;
  });
  const smoothed = totals.map((total) => total ** SMOOTHING);
  const all = smoothed.reduce((sum, x) => sum + x, 0);
  const information = (a: number, b: number, count: number) => {
    const one = Math.log((count * all) / ((totals[a] as number) * (smoothed[b] as number)));
    const other = Math.log((count * all) / ((totals[b] as number) * (smoothed[a] as number)));
    return (Math.max(0, one) + Math.max(0, other)) / 2;
  };

  const starts = new Uint32Array(size + 1);
  const counted = (row: number) => {
    starts[row + 1] = (starts[row + 1] as number) + 1;
  };
  pairs.each((a, b, count) => {
    if (information(a, b, count) <= 0) return;
    counted(a);
    counted(b);
  });
  for (let row = 0; row < size; row++)
    starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
  const columns = new Uint32Array(starts[size] as number);
  const values = new Float32Array(columns.length);
  const ends = starts.slice();
  const set = (row: number, column: number, value: number) => {
    const at = ends[row] as number;
    columns[at] = column;
    values[at] = value;
    ends[row] = at + 1;
  };
  pairs.each((a, b, count) => {
    const value = information(a, b, count);
    if (value <= 0) return;
    set(a, b, value);
    set(b, a, value);
  });
  return { size, starts, columns, values };
}
