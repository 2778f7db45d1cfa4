import fc from 'fast-check';
import { expect, test } from 'vitest';
import { significant } from '../../origin/significant.ts';

const digits = fc.integer({ min: 1, max: 6 });
/** What a decimal of few digits more says: among them those in the middle between two. */
const short = fc
  .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: -30, max: 30 }))
  .map(([whole, exponent]) => Number(`${whole}e${exponent}`));

test('a number is rounded to digits as its decimals are', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.double({ min: -50, max: 50 }), short), digits, (x, count) => {
      expect(significant(x, count)).toBe(Number(x.toPrecision(count)));
    }),
    { numRuns: 2_000 },
  );
});

test.each([0, 1e22, 1e23, 9.995, 99.95, 0.0005, 1.0005, 2.5, 1e-7, 999.9999999999999, 1000, 5e-324, 1.7e308])(
  '%d is',
  (x) => {
    for (const count of [1, 3, 4, 6]) expect(significant(x, count)).toBe(Number(x.toPrecision(count)));
  },
);
