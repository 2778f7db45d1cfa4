import { expect, test } from 'vitest';
import { seededRandom } from '../../../../infra/local/simulated/random.ts';
import { cellsOf } from '../../../../origin/patterns/cells.ts';
import { asRanked } from '../../../../origin/patterns/rehearsal/features.ts';
import { questionsOf } from '../../../../origin/patterns/rehearsal/questions.ts';
import { observed } from '../observations.ts';

const MINUTE_MS = 60_000;

/** People who say something of each campaign they turn to; what they say after a moment is about what `later` tells. */
function talking(later: (random: ReturnType<typeof seededRandom>) => { vector: number[]; about: string }) {
  const random = seededRandom(7);
  const all = Array.from({ length: 12 }, (_, i) => `c-${i}`);
  const people = Array.from({ length: 60 }, () => random.some(all, 8));
  const bare = observed(people);
  const asked = new Map(questionsOf(bare, false).map(({ person, moment_ms }) => [person, moment_ms]));
  const said = people.flatMap((own, speaker) =>
    own.map((about, i) => {
      const said_ms = bare.times[speaker * own.length + i] as number;
      const other = later(random);
      const angle = all.indexOf(about);
      const then = { vector: [Math.cos(angle), Math.sin(angle)], about };
      return { ...(said_ms >= (asked.get(speaker) ?? Infinity) ? other : then), speaker, said_ms };
    }),
  );
  return observed(people, said);
}

test('what somebody says from the moment they are asked about tells nothing of the answer', () => {
  const plain = talking(() => ({ vector: [1, 0], about: 'c-0' }));
  const other = talking(() => ({ vector: [0, -1], about: 'c-5' }));
  const questions = questionsOf(plain, false);
  const cells = cellsOf(plain);
  const asked = { questions, cells, repeats: false };
  expect(asRanked(other, asked)).toEqual(asRanked(plain, asked));
});

test('who has said nothing before they are asked about is not told anything by talk', () => {
  const whole = talking(() => ({ vector: [1, 0], about: 'c-0' }));
  const questions = questionsOf(whole, false);
  const silent = { ...whole, said_ms: whole.said_ms.map((at) => at + 1e6 * MINUTE_MS) };
  const asked = asRanked(silent, { questions, cells: cellsOf(whole), repeats: false });
  expect(asked.length).toBeGreaterThan(0);
  for (const { features } of asked) {
    expect(Math.max(...(features['like_minded'] as Float32Array))).toBe(0);
    expect(Math.max(...(features['talked_about'] as Float32Array))).toBe(0);
  }
});
