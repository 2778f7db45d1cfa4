/** For each campaign, by its slot, others with a weight, the strongest first: those of `i` from `starts[i]` to `starts[i + 1]`. */
export type Neighbours = { starts: Uint32Array; columns: Uint32Array; weights: Float32Array };

/** So many are kept of each campaign. */
const KEPT = 100;

/** Keeps the strongest of each row that are above zero; `row` fills the weights it is handed. */
export function strongest(size: number, row: (slot: number, into: Float64Array) => void): Neighbours {
  const starts = new Uint32Array(size + 1);
  const columns: number[] = [];
  const weights: number[] = [];
  const into = new Float64Array(size);
  for (let slot = 0; slot < size; slot++) {
    into.fill(0);
    row(slot, into);
    into[slot] = 0;
    let found: number[] = [];
    for (let column = 0; column < size; column++) if ((into[column] as number) > 0) found.push(column);
    found.sort((a, b) => (into[b] as number) - (into[a] as number) || a - b);
    found = found.slice(0, KEPT);
    for (const column of found) {
      columns.push(column);
      weights.push(into[column] as number);
    }
    starts[slot + 1] = columns.length;
  }
  return { starts, columns: Uint32Array.from(columns), weights: Float32Array.from(weights) };
}

/** Adds the neighbours of a campaign, each by its weight times `share`. */
export function addNeighbours(
  { starts, columns, weights }: Neighbours,
  slot: number,
  share: number,
  into: Float64Array,
) {
  for (let at = starts[slot] as number; at < (starts[slot + 1] as number); at++) {
    const column = columns[at] as number;
    into[column] = (into[column] as number) + share * (weights[at] as number);
  }
}
