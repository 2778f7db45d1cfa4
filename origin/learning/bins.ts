/** At most so many bins a feature, so that one fits in a byte with room. */
export const BINS = 32;
/** Looked at to place them. */
const SAMPLE = 20_000;

/** Features in bins: of each the upper edge of every bin but the last, and of each row the bin that it falls in, feature by feature. */
export type Binned = { edges: readonly (readonly number[])[]; bins: readonly Uint8Array[]; rows: number };

const round = (x: number) => Number(x.toPrecision(4));

/** Edges between 0, which most features mostly are, and quantiles of what is above. */
function edgesOf(values: Float64Array): number[] {
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const above = Float64Array.from(values.filter((x, i) => i % step === 0 && x > 0)).sort();
  const quantiles = Array.from({ length: BINS - 2 }, (_, q) => {
    const at = Math.floor(((q + 1) / (BINS - 1)) * above.length);
    return above.length > 0 ? round(above[at] as number) : 0;
  });
  return [...new Set([0, ...quantiles])].sort((a, b) => a - b);
}

function binOf(x: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x > (edges[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts features, rows one after another, in bins of about as many rows. */
export function binned(features: Float64Array, width: number): Binned {
  const rows = width === 0 ? 0 : features.length / width;
  const columns = Array.from({ length: width }, (_, j) =>
    Float64Array.from({ length: rows }, (_, row) => features[row * width + j] as number),
  );
  const edges = columns.map(edgesOf);
  const bins = columns.map((column, j) => Uint8Array.from(column, (x) => binOf(x, edges[j] as number[])));
  return { edges, bins, rows };
}
