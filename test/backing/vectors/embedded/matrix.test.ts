import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openArena } from '#backing/vectors/embedded/arena.ts';
import { Matrix } from '#backing/vectors/embedded/matrix.ts';
import { CHUNK_ROWS } from '#backing/vectors/embedded/row-list.ts';
import { type Fine, quantise, quantiseFinely, restore } from '#backing/vectors/quantise.ts';

const WIDTH = 4;
const vectorArb = fc
  .array(fc.integer({ min: -9, max: 9 }), { minLength: WIDTH, maxLength: WIDTH })
  .map((numbers) => Float32Array.from(numbers));
/** So many that some of them fill more than two chunks. */
const keyArb = fc.integer({ min: 0, max: 4 * CHUNK_ROWS }).map((n) => `k-${n}`);
const hitOf = (meta: string, similarity: number) => ({ meta, similarity });
const empty = (width = WIDTH) =>
  new Matrix({ width, arena: openArena(), orderOf: (key: string) => key, hitOf });

/** The cosine as its definition has it, each sum in the order of its components. */
function plainCosine(vector: Float32Array, { bytes, rest }: Fine): number {
  let [dot, squares] = [0, 0];
  for (let i = 0; i < vector.length; i++) {
    const component = (bytes[i] as number) + (rest[i] as number) / 254;
    dot += (vector[i] as number) * component;
    squares += component * component;
  }
  return squares > 0 ? dot / Math.sqrt(squares) : 0;
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

describe('the matrix', () => {
  test('finds what a look at each row finds, after any rows were set, set anew and taken out', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ key: keyArb, vector: vectorArb }) },
      { weight: 1, arbitrary: fc.record({ key: keyArb, vector: fc.constant(null) }) },
    );
    const steps = fc.array(step, { maxLength: 5 * CHUNK_ROWS, size: 'max' });
    fc.assert(
      fc.property(steps, vectorArb, fc.integer({ min: 1, max: 70 }), (steps, asked, k) => {
        const matrix = empty();
        const rows = new Map<string, Fine>();
        for (const { key, vector } of steps) {
          if (vector) {
            matrix.set(key, quantiseFinely(vector), key);
            rows.set(key, quantiseFinely(vector));
          } else {
            matrix.delete(key);
            rows.delete(key);
          }
        }
        const wanted = (key: string) => !key.endsWith('7');
        const expected = [...rows]
          .filter(([key]) => wanted(key))
          .map(([key, vector]) => ({ key, similarity: dot(restore(vector), asked) }))
          .sort((a, b) => b.similarity - a.similarity);
        const [found = [], opposite] = matrix.nearest([asked, asked.map((x) => -x)], k, wanted);
        expect(found).toHaveLength(Math.min(k, expected.length));
        expect(opposite).toHaveLength(found.length);
        expect(new Set(found.map(({ meta }) => meta)).size).toBe(found.length);
        found.forEach(({ meta, similarity }, at) => {
          expect(similarity).toBeCloseTo(expected[at]?.similarity as number, 3);
          expect(similarity).toBeCloseTo(expected.find(({ key }) => key === meta)?.similarity as number, 3);
        });
        for (let at = 1; at < found.length; at++) {
          const [a, b] = found.slice(at - 1, at + 1) as [(typeof found)[0], (typeof found)[0]];
          expect(a.similarity > b.similarity || (a.similarity === b.similarity && a.meta < b.meta)).toBe(
            true,
          );
        }
      }),
    );
  });

  test('of rows that are all looked at tells the cosines that plain sums give, the best first, ties by key', () => {
    const rowsArb = fc.array(vectorArb, { maxLength: 40 });
    const askedArb = fc.array(vectorArb, { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(rowsArb, askedArb, fc.integer({ min: 24, max: 40 }), (vectors, asked, k) => {
        const matrix = empty();
        const rows = vectors.map((vector, n) => ({ meta: `k-${n}`, fine: quantiseFinely(vector) }));
        for (const { meta, fine } of rows) matrix.set(meta, fine, meta);
        matrix
          .nearest(asked, k, () => true)
          .forEach((found, at) => {
            const plain = rows.map(({ fine }) => plainCosine(asked[at] as Float32Array, fine));
            const best = plain.toSorted((a, b) => b - a).slice(0, k);
            expect(found).toHaveLength(best.length);
            found.forEach(({ meta, similarity }, i) => {
              const own = plain[Number(meta.slice('k-'.length))] as number;
              // As near as sums of 32 bits tell; the vectors asked are of up to 18 in length.
              expect(Math.abs(similarity - own)).toBeLessThan(1e-5);
              expect(Math.abs(similarity - (best[i] as number))).toBeLessThan(1e-5);
              const next = found[i + 1];
              if (next?.similarity === similarity) expect(meta < next.meta).toBe(true);
              else expect(next?.similarity ?? -Infinity).toBeLessThan(similarity);
            });
          });
      }),
    );
  });

  test('finds the same whether or not so many others stand beside that bytes have to choose', () => {
    const rowsArb = fc.array(vectorArb, { maxLength: 40 });
    fc.assert(
      fc.property(
        rowsArb,
        vectorArb,
        vectorArb,
        fc.integer({ min: 24, max: 40 }),
        (vectors, one, other, k) => {
          const matrix = empty();
          vectors.forEach((vector, n) => {
            matrix.set(`k-${n}`, quantiseFinely(vector), `k-${n}`);
          });
          const wanted = (key: string) => !key.startsWith('beside');
          const alone = matrix.nearest([one, other], k, wanted);
          for (let n = 0; n < 2 * CHUNK_ROWS; n++)
            matrix.set(`beside-${n}`, quantiseFinely(n % 2 ? one : other), `beside-${n}`);
          expect(matrix.nearest([one, other], k, wanted)).toEqual(alone);
        },
      ),
    );
  });

  test('with no rows, or asked for none, finds none', () => {
    const matrix = empty();
    expect(matrix.nearest([new Float32Array(WIDTH)], 5, () => true)).toEqual([[]]);
    matrix.set('k', quantiseFinely(Float32Array.of(1, 0, 0, 0)), 'k');
    expect(matrix.nearest([new Float32Array(WIDTH)], 0, () => true)).toEqual([[]]);
    expect(matrix.nearest([], 5, () => true)).toEqual([]);
  });
});

describe('quantising', () => {
  const vectors = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 256, maxLength: 256 })
    .map((numbers) => Float32Array.from(numbers))
    .filter((vector) => dot(vector, vector) > 1e-6);
  const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

  test('keeps the direction of a vector of 256 within a cosine of .998 at worst, and a zero vector zero', () => {
    // Each component is off by at most 1/254 of the largest, so the sine is at most 16/254.
    fc.assert(
      fc.property(vectors, (vector) => {
        const kept = restore({ bytes: quantise(vector), rest: new Int8Array() });
        expect(dot(kept, kept)).toBeCloseTo(1, 5);
        expect(cosine(kept, vector)).toBeGreaterThan(0.998);
      }),
    );
    expect(restore(quantiseFinely(new Float32Array(4)))).toEqual(new Float32Array(4));
  });

  test('with the rest keeps it within a cosine of .99999, and tells the cosine with another so', () => {
    fc.assert(
      fc.property(vectors, vectors, (vector, other) => {
        const fine = quantiseFinely(vector);
        expect(cosine(restore(fine), vector)).toBeGreaterThan(0.99999);
        const length = Math.sqrt(dot(other, other));
        const asked = other.map((x) => x / length);
        const matrix = empty(256);
        matrix.set('k', fine, 'k');
        const similarity = matrix.nearest([asked], 1, () => true)[0]?.[0]?.similarity as number;
        expect(similarity).toBeCloseTo(plainCosine(asked, fine), 5);
        expect(similarity).toBeCloseTo(cosine(asked, vector), 3);
      }),
    );
    const matrix = empty();
    matrix.set('k', quantiseFinely(new Float32Array(WIDTH)), 'k');
    expect(matrix.nearest([new Float32Array(WIDTH).fill(0.5)], 1, () => true)).toEqual([
      [{ meta: 'k', similarity: 0 }],
    ]);
  });
});
