import { expect, test } from 'vitest';
import { type Asked, ndcg } from '../../../origin/rank/asked.ts';
import { chooseWeights, gainOf } from '../../../origin/rank/choose-weights.ts';

/** Questions of which the source `knows` knows the answer, in so many of ten, and `guesses` nothing. */
function questions(count: number, known_of_ten: number): Asked[] {
  const candidates = Array.from({ length: 20 }, (_, i) => `c-${i}`);
  return Array.from({ length: count }, (_, q) => {
    const right = (q * 7) % 20;
    const says = q % 10 < known_of_ten ? right : (right + 11) % 20;
    const features = {
      knows: Float32Array.from(candidates, (_, i) => (i === says ? 3 : 0)),
      guesses: Float32Array.from(candidates, (_, i) => ((i * 13 + q * 5) % 20) / 6),
    };
    return { user_id: `u-${q}`, candidates, features, truth: new Set([`c-${right}`]) };
  });
}

test('NDCG@10 is 1 for the right order, less further down, and 0 beyond the tenth', () => {
  const candidates = Array.from({ length: 12 }, (_, i) => `c-${String(i).padStart(2, '0')}`);
  const at = (...right: number[]) => ({
    user_id: 'u',
    candidates,
    features: { f: Float32Array.from(candidates, (_, i) => 12 - i) },
    truth: new Set(right.map((i) => candidates[i] as string)),
  });
  expect(ndcg(at(0), { f: 1 })).toBe(1);
  expect(ndcg(at(0, 1), { f: 1 })).toBeCloseTo(1);
  expect(ndcg(at(2), { f: 1 })).toBeCloseTo(0.5);
  expect(ndcg(at(10), { f: 1 })).toBe(0);
});

test('weights are changed where the held-out people show others better', () => {
  const choice = chooseWeights(questions(400, 9), { guesses: 1 });
  expect(choice.changed).toBe(true);
  expect(choice.tuned).toBeGreaterThan(choice.shipped);
  expect(choice.weights['knows']).toBeGreaterThan(0);
});

test('what only those gain by who chose it is not kept', () => {
  const likes = (right: string) => Float32Array.of(right === 'a' ? 1 : 0, right === 'b' ? 1 : 0, 0);
  const asked = (right: (user_id: string) => string): Asked[] =>
    questions(400, 9).map(({ user_id }) => ({
      user_id,
      candidates: ['a', 'b', 'c'],
      features: { a: likes('a'), b: likes('b') },
      truth: new Set([right(user_id)]),
    }));
  const halves: ReadonlySet<string>[] = [];
  const looking = (learning: readonly Asked[]) => {
    halves.push(new Set(learning.map(({ user_id }) => user_id)));
    return {};
  };
  chooseWeights(
    asked(() => 'a'),
    {},
    [looking],
  );
  const [one, other] = halves as [ReadonlySet<string>, ReadonlySet<string>];
  expect([one.size + other.size, one.union(other).size]).toEqual([400, 400]);

  const apart = asked((user_id) => (one.has(user_id) ? 'a' : 'b'));
  const best = (learning: readonly Asked[]) => (learning[0]?.truth.has('a') ? { a: 1 } : { b: 1 });
  const shipped = { a: 1, b: 1.1 };
  const choice = chooseWeights(apart, shipped, [best]);
  expect(choice).toMatchObject({ changed: false, weights: shipped });
  expect(choice.tuned).toBeLessThan(choice.shipped);
  expect(choice.held).toEqual(apart.map((question) => ndcg(question, shipped)));
});

test('weights stay where there is nothing to gain, or too little to show it', () => {
  expect(chooseWeights(questions(400, 9), { knows: 1, guesses: 0 })).toMatchObject({ changed: false });
  expect(chooseWeights([], { guesses: 1 })).toMatchObject({ changed: false, weights: { guesses: 1 } });
});

test('a gain is that of people, however often each was asked', () => {
  const of = (user_id: string): Asked => ({ user_id, candidates: [], features: {}, truth: new Set() });
  const gains: [string, number][] = [
    ...Array.from({ length: 90 }, (): [string, number] => ['one', 1]),
    ...Array.from({ length: 10 }, (_, i): [string, number] => [`other-${i}`, i % 2 ? 0.2 : -0.3]),
  ];
  const asked = gains.map(([user_id]) => of(user_id));
  const values = { before: gains.map(() => 0), after: gains.map(([, gain]) => gain) };
  const [low, high] = gainOf(asked, values);
  expect(low).toBeLessThan(0);
  expect(high).toBeLessThan(0.5);
  const [likely_low, likely_high] = gainOf(asked, values, 0.8);
  expect(likely_low).toBeGreaterThan(low);
  expect(likely_high).toBeLessThan(high);
});
