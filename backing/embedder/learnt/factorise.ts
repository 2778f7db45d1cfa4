import type { Sparse } from './ppmi.ts';

const ROUNDS = 4;
/** So many columns more than are wanted, so that the last ones wanted are right as well. */
const OVERSAMPLING = 16;
const JACOBI_SWEEPS = 12;

/** Uniform from 0 to 1, from a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The matrix times a block of `width` columns, row by row. */
function multiply(
  { size, starts, columns, values }: Sparse,
  block: Float32Array,
  width: number,
): Float32Array {
  const product = new Float32Array(size * width);
  for (let row = 0; row < size; row++) {
    const to = row * width;
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      const [from, value] = [(columns[at] as number) * width, values[at] as number];
      for (let i = 0; i < width; i++) {
        product[to + i] = (product[to + i] as number) + value * (block[from + i] as number);
      }
    }
  }
  return product;
}

/** The products of a block's columns with another's, width by width. */
function gram(a: Float32Array, b: Float32Array, rows: number, width: number): Float64Array {
  const products = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    for (let i = 0; i < width; i++) {
      const x = a[at + i] as number;
      if (x === 0) continue;
      for (let j = 0; j < width; j++) {
        products[i * width + j] = (products[i * width + j] as number) + x * (b[at + j] as number);
      }
    }
  }
  return products;
}

/** A block times a small matrix of `width` rows and `wanted` columns. */
function combine(
  block: Float32Array,
  rows: number,
  width: number,
  small: Float64Array,
  wanted: number,
): Float32Array {
  const result = new Float32Array(rows * wanted);
  const sum = new Float64Array(wanted);
  for (let row = 0; row < rows; row++) {
    sum.fill(0);
    for (let i = 0; i < width; i++) {
      const x = block[row * width + i] as number;
      for (let j = 0; j < wanted; j++) sum[j] = (sum[j] as number) + x * (small[i * wanted + j] as number);
    }
    result.set(sum, row * wanted);
  }
  return result;
}

/**
 * The inverse of the upper factor of a Gram matrix (Cholesky). A column that depends on those before it gets zero
 * instead.
 */
function inverseFactor(products: Float64Array, width: number): Float64Array {
  const r = new Float64Array(width * width);
  const inverse = new Float64Array(width * width);
  const at = (i: number, j: number) => i * width + j;
  for (let j = 0; j < width; j++) {
    for (let i = 0; i < j; i++) {
      let rest = products[at(i, j)] as number;
      for (let k = 0; k < i; k++) rest -= (r[at(k, i)] as number) * (r[at(k, j)] as number);
      const pivot = r[at(i, i)] as number;
      r[at(i, j)] = pivot > 0 ? rest / pivot : 0;
    }
    let rest = products[at(j, j)] as number;
    for (let k = 0; k < j; k++) rest -= (r[at(k, j)] as number) ** 2;
    const independent = rest > (products[at(j, j)] as number) * 1e-9;
    r[at(j, j)] = independent ? Math.sqrt(rest) : 0;
    if (!independent) continue;
    inverse[at(j, j)] = 1 / (r[at(j, j)] as number);
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let k = i; k < j; k++) sum += (inverse[at(i, k)] as number) * (r[at(k, j)] as number);
      inverse[at(i, j)] = -sum * (inverse[at(j, j)] as number);
    }
  }
  return inverse;
}

/** Makes a block's columns orthonormal; twice, since once leaves the rounding of the squares. */
function orthonormalise(block: Float32Array, rows: number, width: number): Float32Array {
  let result = block;
  for (let pass = 0; pass < 2; pass++) {
    const inverse = inverseFactor(gram(result, result, rows, width), width);
    result = combine(result, rows, width, inverse, width);
  }
  return result;
}

/** Eigenvalues of a symmetric matrix, the largest first, and their vectors as columns (cyclic Jacobi). */
export function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  const total = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < JACOBI_SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q] as number;
        off += apq * apq;
        if (apq === 0) continue;
        const theta = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const [kp, kq] = [a[k * size + p] as number, a[k * size + q] as number];
          a[k * size + p] = c * kp - s * kq;
          a[k * size + q] = s * kp + c * kq;
        }
        for (let k = 0; k < size; k++) {
          const [pk, qk] = [a[p * size + k] as number, a[q * size + k] as number];
          a[p * size + k] = c * pk - s * qk;
          a[q * size + k] = s * pk + c * qk;
          const [kp, kq] = [v[k * size + p] as number, v[k * size + q] as number];
          v[k * size + p] = c * kp - s * kq;
          v[k * size + q] = s * kp + c * kq;
        }
      }
    }
    if (off <= total * 1e-22) break;
  }
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (i, j) => (a[j * size + j] as number) - (a[i * size + i] as number),
  );
  const values = Float64Array.from(order, (i) => a[i * size + i] as number);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    for (let k = 0; k < size; k++) vectors[k * size + to] = v[k * size + from] as number;
  });
  return { values, vectors };
}

/**
 * Rows of `width` numbers whose products come near to the matrix: its largest eigenvalues' vectors, scaled by the
 * roots of the values, found by subspace iteration from a seed (Halko, Martinsson and Tropp, 2011). The same matrix and seed
 * give the same rows; where the matrix has fewer positive eigenvalues, the rest is zero.
 */
export function factorise(matrix: Sparse, width: number, seed: number): Float32Array {
  const { size } = matrix;
  const columns = Math.min(width + OVERSAMPLING, size);
  const draw = random(seed);
  let block: Float32Array = Float32Array.from({ length: size * columns }, () => draw() * 2 - 1);
  block = orthonormalise(block, size, columns);
  for (let round = 0; round < ROUNDS; round++) {
    block = orthonormalise(multiply(matrix, block, columns), size, columns);
  }
  const { values, vectors } = eigen(gram(block, multiply(matrix, block, columns), size, columns), columns);
  const small = new Float64Array(columns * width);
  for (let j = 0; j < Math.min(width, columns); j++) {
    const scale = Math.sqrt(Math.max(0, values[j] as number));
    for (let i = 0; i < columns; i++) small[i * width + j] = (vectors[i * columns + j] as number) * scale;
  }
  return combine(block, size, columns, small, width);
}
