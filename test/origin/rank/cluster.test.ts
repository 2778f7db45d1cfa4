import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cluster } from '../../../origin/rank/cluster.ts';

const unit = (xs: readonly number[]) => {
  const norm = Math.hypot(...xs);
  return Float32Array.from(xs, (x) => x / norm);
};

const points = fc.array(
  fc.record({
    vector: fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .filter((xs) => Math.hypot(...xs) > 0.1)
      .map(unit),
    weight: fc.double({ min: 0.001, max: 1, noNaN: true }),
  }),
  { maxLength: 40 },
);

test('at most k interests, of length 1, whose shares are of the whole', () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 3 }), (given, k) => {
      const interests = cluster(given, k);
      expect(interests.length).toBeLessThanOrEqual(k);
      for (const { vector } of interests) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
      const whole = interests.reduce((sum, { share }) => sum + share, 0);
      expect(whole).toBeLessThan(1.000001);
      if (given.length === 1) expect(whole).toBeCloseTo(1, 6);
    }),
  );
});

test('the same points give the same interests', () => {
  fc.assert(
    fc.property(points, (given) => {
      expect(cluster(given, 3)).toEqual(cluster(given, 3));
    }),
  );
});

test('things far apart are different interests, each with its weight', () => {
  const a = { vector: unit([1, 0.05, 0, 0]), weight: 1 };
  const b = { vector: unit([0, 0, 1, 0.05]), weight: 0.5 };
  const interests = cluster([a, a, b, b], 3).sort((x, y) => y.share - x.share);
  expect(interests.map(({ share }) => share)).toEqual([expect.closeTo(2 / 3, 5), expect.closeTo(1 / 3, 5)]);
});

test('texts that say nothing are no interest', () => {
  expect(cluster([{ vector: new Float32Array(4), weight: 1 }], 3)).toEqual([]);
});
