/** A chance from features: the logistic function of `base` and the weighted sum. */
export type Logistic = { base: number; weights: Float64Array };

/** Rows of features, one after another; what each should give, from 0 to 1; and how much each counts. */
export type Examples = { width: number; features: Float64Array; targets: Float64Array };

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Held against large weights, so that a feature that hardly occurs says little. */
const RIDGE = 1;

function margins({ width, features, targets }: Examples, { base, weights }: Logistic): Float64Array {
  return Float64Array.from(targets, (_, row) => {
    let sum = base;
    for (let j = 0; j < width; j++) sum += (weights[j] as number) * (features[row * width + j] as number);
    return sum;
  });
}

/**
 * Goes on from a model for some sweeps of coordinate descent (Newton's step in each coordinate), with weights of 0 or more: a
 * source that raises a campaign never counts against it, so reasons stay true. The base is free.
 */
export function improve(examples: Examples, from: Logistic, sweeps: number): Logistic {
  const { width, features, targets } = examples;
  const weights = Float64Array.from(from.weights);
  let base = from.base;
  const sums = margins(examples, from);
  const step = (value: (row: number) => number, ridge: number, now: number, least: number): number => {
    let [slope, bend] = [-ridge * now, ridge];
    for (let row = 0; row < targets.length; row++) {
      const x = value(row);
      if (x === 0) continue;
      const p = sigmoid(sums[row] as number);
      slope += ((targets[row] as number) - p) * x;
      bend += p * (1 - p) * x * x;
    }
    const next = Math.max(least, now + slope / Math.max(bend, 1e-9));
    const change = next - now;
    if (change !== 0)
      for (let row = 0; row < targets.length; row++) sums[row] = (sums[row] as number) + change * value(row);
    return next;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    base = step(() => 1, 0, base, Number.NEGATIVE_INFINITY);
    for (let j = 0; j < width; j++)
      weights[j] = step((row) => features[row * width + j] as number, RIDGE, weights[j] as number, 0);
  }
  return { base, weights };
}

/** The chance that a model gives each row. */
export function chances(examples: Examples, model: Logistic): Float64Array {
  return margins(examples, model).map(sigmoid);
}
