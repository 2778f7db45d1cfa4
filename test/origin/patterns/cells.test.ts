import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf } from '../../../origin/patterns/cells.ts';
import { observed } from './observations.ts';

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

test('every message is in the cell whose centre is nearest, however many cells there are', () => {
  const part = fc.double({ min: -1, max: 1, noNaN: true });
  const vectors = fc.array(fc.tuple(part, part, part), { minLength: 16, maxLength: 150 });
  fc.assert(
    fc.property(vectors, (all) => {
      const said = all.map((vector) => ({ vector, speaker: 0, about: 'a' }));
      const one = observed([['a']], said);
      const { centres, cellOf } = cellsOf(one) ?? expect.fail('There are cells');
      const centre = (cell: number) => centres.subarray(cell * 3, (cell + 1) * 3);
      const cells = Array.from({ length: centres.length / 3 }, (_, cell) => cell);
      cellOf.forEach((cell, message) => {
        const vector = one.vectors.subarray(message * 3, (message + 1) * 3);
        expect(cells).toContain(cell);
        // As near as sums of 32 bits tell.
        const most = Math.max(...cells.map((other) => dot(vector, centre(other))));
        expect(dot(vector, centre(cell))).toBeGreaterThan(most - 1e-5);
      });
    }),
  );
});
