import { expect, test } from 'vitest';
import { questionsOf } from '../../../../origin/patterns/rehearsal/questions.ts';
import { observed } from '../observations.ts';

/** So many campaigns, the newest first. */
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => `c-${String(count - i).padStart(2, '0')}`);
const truths = (people: string[][], repeats = false) => {
  const all = observed(people);
  return questionsOf(all, repeats).map(({ truth }) => truth.map((slot) => all.campaigns[slot]));
};

test('people are asked about the last fifth of what was new to them, and the last two of few', () => {
  expect(truths([['e', 'a', 'd', 'c', 'b', 'a']])).toEqual([['e', 'd']]);
  expect(truths([many(20)])).toEqual([['c-20', 'c-19', 'c-18', 'c-17']]);
  expect(truths([many(90)])[0]).toHaveLength(10);
  expect(truths([['d', 'c', 'b', 'a']])).toEqual([]);
});
