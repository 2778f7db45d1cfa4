import { dotsWith } from './dots.ts';
import type { Observed } from './observed.ts';

/** Where messages lie: cells around centres of them, and of each message the cell that it is in. */
export type Cells = { centres: Float32Array; cellOf: Uint32Array };

const MOST_CELLS = 512;
/** A cell has so many messages on average. */
const MESSAGES_A_CELL = 16;
const ROUNDS = 3;
const SAMPLE_A_CELL = 24;

export function normaliseRows(rows: Float32Array, width: number): void {
  for (let from = 0; from < rows.length; from += width) {
    let squares = 0;
    for (let i = from; i < from + width; i++) squares += (rows[i] as number) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = from; i < from + width; i++) rows[i] = (rows[i] as number) * scale;
  }
}

/** Gives the cell whose centre a message is nearest to; of equal ones the first. */
function nearestOf(centres: Float32Array, width: number): (vectors: Float32Array, message: number) => number {
  const dots = dotsWith(centres, width);
  return (vectors, message) => {
    const products = dots(vectors, message * width);
    let [best, nearest] = [-Infinity, 0];
    for (let cell = 0; cell < products.length; cell++) {
      const product = products[cell] as number;
      if (product > best) [best, nearest] = [product, cell];
    }
    return nearest;
  };
}

/** Centres of messages by spherical k-means, begun with messages spread over all, on a sample. */
function centresOf(vectors: Float32Array, width: number, cells: number): Float32Array {
  const count = vectors.length / width;
  let centres = new Float32Array(cells * width);
  for (let k = 0; k < cells; k++) {
    const at = Math.floor((k * count) / cells) * width;
    centres.set(vectors.subarray(at, at + width), k * width);
  }
  const step = Math.max(1, Math.floor(count / (cells * SAMPLE_A_CELL)));
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float32Array(cells * width);
    const nearest = nearestOf(centres, width);
    for (let at = 0; at < count; at += step) {
      const cell = nearest(vectors, at);
      for (let i = 0; i < width; i++) {
        sums[cell * width + i] = (sums[cell * width + i] as number) + (vectors[at * width + i] as number);
      }
    }
    normaliseRows(sums, width);
    for (let k = 0; k < cells; k++) {
      const empty = sums.subarray(k * width, (k + 1) * width).every((x) => x === 0);
      if (empty) sums.set(centres.subarray(k * width, (k + 1) * width), k * width);
    }
    centres = sums;
  }
  return centres;
}

/** The cells of a tenant's messages; null where there are too few for any. */
export function cellsOf({ dimension, vectors, speakers }: Observed): Cells | null {
  const cells = Math.min(MOST_CELLS, Math.floor(speakers.length / MESSAGES_A_CELL));
  if (cells < 1) return null;
  const centres = centresOf(vectors, dimension, cells);
  const nearest = nearestOf(centres, dimension);
  return { centres, cellOf: speakers.map((_, at) => nearest(vectors, at)) };
}
