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

/** How many parts of a step of the bytes a step of their rest is. */
const PARTS = 254;

/** A vector in bytes, and in bytes what those leave out: together some 16 bits a component. */
export type Fine = { bytes: Int8Array; rest: Int8Array };

export function quantiseFinely(vector: Float32Array): Fine {
  const [bytes, rest] = [quantise(vector), new Int8Array(vector.length)];
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] as number));
  if (largest === 0) return { bytes, rest };
  const scale = 127 / largest;
  for (let i = 0; i < rest.length; i++)
    rest[i] = Math.round(((vector[i] as number) * scale - (bytes[i] as number)) * PARTS);
  return { bytes, rest };
}

/** The vector of length 1 that bytes and their rest stand for; the rest may be missing. */
export function restore({ bytes, rest }: Fine): Float32Array {
  const vector = new Float32Array(bytes.length);
  const fine = rest.length > 0;
  let squares = 0;
  for (let i = 0; i < vector.length; i++) {
    const component = (bytes[i] as number) + (fine ? (rest[i] as number) / PARTS : 0);
    vector[i] = component;
    squares += component * component;
  }
  const norm = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) * norm;
  return vector;
}
