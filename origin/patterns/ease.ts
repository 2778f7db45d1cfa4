/** The inverse of a symmetric positive definite matrix, in its place (Cholesky). */
function invert(a: Float64Array, size: number): void {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let rest = a[row + j] as number;
      for (let k = 0; k < j; k++) rest -= (l[row + k] as number) * (l[other + k] as number);
      l[row + j] = i === j ? Math.sqrt(rest) : rest / (l[other + j] as number);
    }
  }
  // Row c of `inverse` is column c of the inverse of l, so that the products below run along rows.
  const inverse = new Float64Array(size * size);
  for (let c = 0; c < size; c++) {
    const column = c * size;
    inverse[column + c] = 1 / (l[column + c] as number);
    for (let i = c + 1; i < size; i++) {
      const row = i * size;
      let sum = 0;
      for (let k = c; k < i; k++) sum += (l[row + k] as number) * (inverse[column + k] as number);
      inverse[column + i] = -sum / (l[row + i] as number);
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < size; k++)
        sum += (inverse[i * size + k] as number) * (inverse[j * size + k] as number);
      a[i * size + j] = sum;
      a[j * size + i] = sum;
    }
  }
}

/**
 * Weights from each campaign to each other by which the campaigns of people best predict one another: EASE (Steck,
 * 2019), closed form. `gram` says how many people two campaigns share, and how many each has; it is overwritten by
 * the weights, from row to column.
 */
export function ease(gram: Float64Array, size: number, ridge: number): Float64Array {
  for (let i = 0; i < size; i++) gram[i * size + i] = (gram[i * size + i] as number) + ridge;
  invert(gram, size);
  const diagonal = Float64Array.from({ length: size }, (_, i) => gram[i * size + i] as number);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      gram[i * size + j] = i === j ? 0 : -(gram[i * size + j] as number) / (diagonal[j] as number);
    }
  }
  return gram;
}
