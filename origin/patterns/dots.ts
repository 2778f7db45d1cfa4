import { readFileSync } from 'node:fs';

/** What each argument is stands in dots.wat. */
type Dots = (rows: number, count: number, width: number, vector: number, products: number) => void;

const dotsModule = new WebAssembly.Module(readFileSync(new URL('./dots.wasm', import.meta.url)));
const PAGE_BYTES = 2 ** 16;
/** So many components are multiplied at once; rows are filled up with zeros to a multiple of it. */
const AT_ONCE = 8;

/**
 * Gives the products of a vector, the one that begins at `at` in `vectors`, with each of the rows, which stand one after
 * another and are `width` wide: by a kernel of WebAssembly, since learning multiplies millions. What it gives holds until it
 * is asked again.
 */
export function dotsWith(
  rows: Float32Array,
  width: number,
): (vectors: Float32Array, at: number) => Float32Array {
  const [count, stride] = [rows.length / width, Math.ceil(width / AT_ONCE) * AT_ONCE];
  const pages = Math.ceil((((count + 1) * stride + count) * 4) / PAGE_BYTES) || 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(dotsModule, { rows: { memory } });
  const dots = exports['dots'] as Dots;
  const held = new Float32Array(memory.buffer);
  for (let row = 0; row < count; row++) held.set(rows.subarray(row * width, (row + 1) * width), row * stride);
  const vector = held.subarray(count * stride, count * stride + width);
  const products = held.subarray((count + 1) * stride, (count + 1) * stride + count);
  return (vectors, at) => {
    vector.set(vectors.subarray(at, at + width));
    dots(0, count, stride * 4, vector.byteOffset, products.byteOffset);
    return products;
  };
}
