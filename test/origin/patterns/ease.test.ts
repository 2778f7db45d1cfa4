import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ease } from '../../../origin/patterns/ease.ts';

/** Solves a x = b by elimination, without regard to symmetry. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i] as number]);
  const at = (i: number, j: number) => (rows[i] as number[])[j] as number;
  for (let i = 0; i < rows.length; i++) {
    for (let r = 0; r < rows.length; r++) {
      if (r === i) continue;
      const factor = at(r, i) / at(i, i);
      rows[r] = (rows[r] as number[]).map((x, k) => x - factor * at(i, k));
    }
  }
  return rows.map((_, i) => at(i, rows.length) / at(i, i));
}

test('each campaign is weighed as a ridge regression from all others would weigh it', () => {
  const people = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(people, fc.integer({ min: 1, max: 50 }), (sets, ridge) => {
      const size = 7;
      const shared = (i: number, j: number) =>
        sets.filter((set) => set.includes(i) && set.includes(j)).length;
      const gram = Float64Array.from({ length: size * size }, (_, k) =>
        shared(Math.floor(k / size), k % size),
      );
      const weights = ease(gram, size, ridge);
      for (let target = 0; target < size; target++) {
        const others = [...Array(size).keys()].filter((i) => i !== target);
        const normal = others.map((i) => others.map((j) => shared(i, j) + (i === j ? ridge : 0)));
        const expected = solve(
          normal,
          others.map((i) => shared(i, target)),
        );
        for (const [k, i] of others.entries())
          expect(weights[i * size + target]).toBeCloseTo(expected[k] as number, 6);
        expect(weights[target * size + target]).toBe(0);
      }
    }),
  );
});
