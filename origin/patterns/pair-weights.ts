/** Weights of pairs of slots, by row: one block while that is small, else what is there, bounded. */
export type PairWeights = {
  add(row: number, column: number, weight: number): void;
  /** Adds the weights of a row to what it is handed. */
  row(row: number, into: Float64Array): void;
};

/** Two blocks of this many rows and columns take 64 MB. */
export const MOST_DENSE = 2000;
/** Of so many pairs the lightest half is forgotten. */
const MOST_PAIRS = 2 ** 21;

export function pairWeights(size: number): PairWeights {
  return size <= MOST_DENSE ? dense(new Float64Array(size * size), size) : sparse(size);
}

function dense(block: Float64Array, size: number): PairWeights {
  return {
    add(row, column, weight) {
      block[row * size + column] = (block[row * size + column] as number) + weight;
    },
    row(row, into) {
      for (let i = 0; i < size; i++) into[i] = (into[i] as number) + (block[row * size + i] as number);
    },
  };
}

function sparse(size: number): PairWeights {
  const rows = Array.from({ length: size }, () => new Map<number, number>());
  let pairs = 0;
  function forget(): void {
    const weights = Float64Array.from(rows.flatMap((row) => [...row.values()])).sort();
    const median = weights[weights.length >> 1] as number;
    pairs = 0;
    for (const row of rows) {
      for (const [column, weight] of row) if (weight <= median) row.delete(column);
      pairs += row.size;
    }
  }
  return {
    add(row, column, weight) {
      const map = rows[row] as Map<number, number>;
      const before = map.get(column);
      map.set(column, (before ?? 0) + weight);
      if (before === undefined && ++pairs > MOST_PAIRS) forget();
    },
    row(row, into) {
      for (const [column, weight] of rows[row] as Map<number, number>)
        into[column] = (into[column] as number) + weight;
    },
  };
}
