import { expect, test } from 'vitest';
import { before, questionsOf, slicesOf } from '../../../../origin/patterns/rehearsal/questions.ts';
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
  expect(truths([many(20)]).at(-1)).toEqual(['c-20', 'c-19', 'c-18', 'c-17']);
  expect(truths([many(90)]).at(-1)).toHaveLength(10);
  expect(truths([['d', 'c', 'b', 'a']])).toEqual([]);
});

test('and about up to three fifths before, as long as they knew three then', () => {
  expect(truths([many(8)])).toEqual([
    ['c-06', 'c-05'],
    ['c-08', 'c-07'],
  ]);
});

test('but not about the first third of all there is to ask, before which little could be learnt', () => {
  expect(truths([many(60)])).toHaveLength(3);
  const questions = questionsOf(observed(Array.from({ length: 30 }, () => many(8))), false);
  expect(questions).toHaveLength(40);
  expect(Math.min(...questions.map(({ person }) => person))).toBe(10);
});

test('of who is welcome to return it is asked what they did next, a fifth of their past at a time', () => {
  const own = ['a', 'b', 'a', 'c', 'a', 'b', 'd', 'd', 'e', 'a'];
  const all = observed([own]);
  const [last, ...others] = questionsOf(all, true);
  expect(others).toEqual([]);
  expect(last).toMatchObject({ cut: 2, moment_ms: all.times[1] });
  expect(last?.truth.map((slot) => all.campaigns[slot])).toEqual(['a', 'b']);
  expect(questionsOf(observed([many(40)]), true).map(({ cut }) => cut)).toEqual([24, 16, 8]);
});

test('no more than 600 are asked, and they are spread over all people', () => {
  const questions = questionsOf(observed(Array.from({ length: 1000 }, () => many(20))), false);
  expect(questions).toHaveLength(600);
  const people = new Set(questions.map(({ person }) => person));
  expect(people.size).toBeGreaterThan(500);
  expect(Math.max(...people) - Math.min(...people)).toBeGreaterThan(600);
});

test('slices have questions of moments that follow each other, about as many each', () => {
  const questions = questionsOf(observed(Array.from({ length: 105 }, () => many(5))), false);
  const slices = slicesOf(questions, 8);
  expect(slices.map((slice) => slice.questions.length)).toEqual([8, 9, 9, 9, 8, 9, 9, 9]);
  const moments = slices.flatMap((slice) => slice.questions.map(({ moment_ms }) => moment_ms));
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  for (const { from_ms, questions: some } of slices) expect(from_ms).toBe(some[0]?.moment_ms);
  expect(slicesOf(questions.slice(0, 3), 8)).toHaveLength(3);
  expect(slicesOf([], 8)).toEqual([]);
});

test('what was observed before a moment is what everybody had done by then', () => {
  const all = observed([['c', 'b', 'a'], ['e', 'd'], ['f']]);
  // Of the first person the two older ones are known; of the second all, and of what is not dated nothing can be later.
  const at = (person: number, i: number) => (all.starts[person] as number) + i;
  const times = all.times.slice();
  [times[at(0, 0)], times[at(0, 1)], times[at(0, 2)]] = [30, 20, 10];
  [times[at(1, 0)], times[at(1, 1)], times[at(2, 0)]] = [15, 0, 40];
  const past = before({ ...all, dated: Uint32Array.of(3, 1, 1), times }, 30);
  expect(Array.from(past.items, (slot) => past.campaigns[slot])).toEqual(['b', 'a', 'e', 'd']);
  expect([...past.starts]).toEqual([0, 2, 4, 4]);
  expect([...past.dated]).toEqual([2, 1, 0]);
  expect([...past.times]).toEqual([20, 10, 15, 0]);
  // Before the first of what is dated nobody knows whether they had met what is not.
  expect([...before({ ...all, dated: Uint32Array.of(3, 1, 1), times }, 15).starts]).toEqual([0, 1, 1, 1]);
});
