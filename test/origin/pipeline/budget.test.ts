import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openBudget } from '../../../origin/pipeline/budget.ts';

test('a round has its share of what is left, and no more than a dependency may take', () => {
  let now = 1_000;
  const budget = openBudget({ clock: () => now, ends_ms: 1_120, most_ms: 50 });
  expect(budget.round_ms(3)).toBe(40);
  now += 10;
  expect(budget.round_ms(2)).toBe(50);
  now += 90;
  expect(budget.round_ms(1)).toBe(20);
  now += 60;
  expect(budget.round_ms(1)).toBe(1);
});

test('what is needed may take until nobody waits any longer, and no longer than a dependency may', () => {
  let now = 1_000;
  const budget = openBudget({ clock: () => now, ends_ms: 1_070, latest_ms: 1_400, most_ms: 150 });
  expect(budget.needed_ms()).toBe(150);
  now += 300;
  expect(budget.needed_ms()).toBe(100);
  expect(budget.round_ms(1)).toBe(1);
});

test('whatever the rounds take of what they may, together they end in time', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 2_000 }),
      fc.integer({ min: 10, max: 500 }),
      fc.array(share, { minLength: 1, maxLength: 6 }),
      (total, most_ms, shares) => {
        let now = 0;
        const budget = openBudget({ clock: () => now, ends_ms: total, most_ms });
        shares.forEach((used, i) => {
          now += used * budget.round_ms(shares.length - i);
        });
        expect(now).toBeLessThanOrEqual(total + shares.length);
      },
    ),
  );
});
