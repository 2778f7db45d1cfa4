import { expect, test } from 'vitest';
import { seededRandom } from '../../../../infra/local/simulated/random.ts';
import { cellsOf } from '../../../../origin/patterns/cells.ts';
import type { Observed } from '../../../../origin/patterns/observed.ts';
import { asRanked } from '../../../../origin/patterns/rehearsal/features.ts';
import { questionsOf, slicesOf } from '../../../../origin/patterns/rehearsal/questions.ts';
import { observed } from '../observations.ts';

const MINUTE_MS = 60_000;

/** The last step of each, in the order of their moments. */
function lastSteps(all: Observed) {
  const last = new Map(
    questionsOf(all, false)
      .toReversed()
      .map((question) => [question.person, question]),
  );
  return [...last.values()].sort((a, b) => a.moment_ms - b.moment_ms);
}

/** People who say something of each campaign they turn to; what they say after a moment is about what `later` tells. */
function talking(later: (random: ReturnType<typeof seededRandom>) => { vector: number[]; about: string }) {
  const random = seededRandom(7);
  const all = Array.from({ length: 12 }, (_, i) => `c-${i}`);
  const people = Array.from({ length: 60 }, () => random.some(all, 8));
  const bare = observed(people);
  const asked = new Map(lastSteps(bare).map(({ person, moment_ms }) => [person, moment_ms]));
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
  const slices = slicesOf(lastSteps(plain), 1);
  const asked = { slices, cells: cellsOf(plain), repeats: false };
  expect(asRanked(other, asked)).toEqual(asRanked(plain, asked));
});

test('nor does what others do and say after the first question of a slice', () => {
  const whole = talking(() => ({ vector: [1, 0], about: 'c-0' }));
  const cells = cellsOf(whole);
  const [slice] = slicesOf(lastSteps(whole), 4);
  if (!slice) throw new Error('Nobody is asked about');
  const asked = { slices: [slice], cells, repeats: false };
  const begun = (at_ms: number) => at_ms >= slice.from_ms;
  const people = new Set(slice.questions.map(({ person }) => person));
  const items = whole.items.slice();
  for (let person = 0; person < whole.dated.length; person++) {
    if (people.has(person)) continue;
    for (let at = whole.starts[person] as number; at < (whole.starts[person + 1] as number); at++) {
      if (begun(whole.times[at] as number)) items[at] = 0;
    }
  }
  const abouts = whole.abouts.map((about, at) => {
    return begun(whole.said_ms[at] as number) && !people.has(whole.speakers[at] as number) ? 0 : about;
  });
  expect(items).not.toEqual(whole.items);
  expect(abouts).not.toEqual(whole.abouts);
  const learnt = (all: Observed) =>
    asRanked(all, asked).map(({ features: { popular: _, trending: __, ...features } }) => features);
  expect(learnt({ ...whole, items, abouts })).toEqual(learnt(whole));
});

test('who has said nothing before they are asked about is not told anything by talk', () => {
  const whole = talking(() => ({ vector: [1, 0], about: 'c-0' }));
  const silent = { ...whole, said_ms: whole.said_ms.map((at) => at + 1e6 * MINUTE_MS) };
  const slices = slicesOf(lastSteps(whole), 4);
  const asked = asRanked(silent, { slices, cells: cellsOf(whole), repeats: false });
  expect(asked.length).toBeGreaterThan(0);
  for (const { features } of asked) {
    expect(Math.max(...(features['like_minded'] as Float32Array))).toBe(0);
    expect(Math.max(...(features['talked_about'] as Float32Array))).toBe(0);
  }
});

test('what somebody knew when they were asked about is no candidate where it is to be new', () => {
  const whole = talking(() => ({ vector: [1, 0], about: 'c-0' }));
  const asked = asRanked(whole, {
    slices: slicesOf(questionsOf(whole, false), 4),
    cells: null,
    repeats: false,
  });
  expect(new Set(asked.map(({ known }) => known.size))).toEqual(new Set([4, 6]));
  expect(asked.length).toBeGreaterThan(lastSteps(whole).length);
  for (const { known, candidates, truth } of asked) {
    expect(candidates).toHaveLength(whole.campaigns.length - known.size);
    expect(candidates.filter((campaign_id) => known.has(campaign_id))).toEqual([]);
    expect(candidates).toEqual(expect.arrayContaining([...truth]));
  }
});
