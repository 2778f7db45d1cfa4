/**
 * A vector in bytes: each component as a share of the largest, from -127 to 127. The cosine needs no scale,
 * so none is kept; a vector of all zero stays that.
 */
export function quantise(vector: Float32Array): Int8Array {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] as number));
  const bytes = new Int8Array(vector.length);
  const scale = 127 / largest;
  if (largest > 0)
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round((vector[i] as number) * scale);
  return bytes;
}

/** One over the length of a vector in bytes; 0 for one of all zero. */
export function inverseNorm(bytes: Int8Array): number {
  let squares = 0;
  for (let i = 0; i < bytes.length; i++) squares += (bytes[i] as number) ** 2;
  return squares > 0 ? 1 / Math.sqrt(squares) : 0;
}

/** The vector of length 1 that the bytes stand for. */
export function restore(bytes: Int8Array): Float32Array {
  const norm = inverseNorm(bytes);
  const vector = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) vector[i] = (bytes[i] as number) * norm;
  return vector;
}
