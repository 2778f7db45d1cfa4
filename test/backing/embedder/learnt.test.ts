import { describe, expect, test } from 'vitest';
import { learntEmbedder } from '#backing/embedder/learnt/embedder.ts';
import { eigen } from '#backing/embedder/learnt/factorise.ts';
import { learnEmbedder } from '#backing/embedder/learnt/learn.ts';
import { PairCounts } from '#backing/embedder/learnt/pair-counts.ts';
import { train } from '#backing/embedder/learnt/train.ts';
import { nameOf, vocabularyOf } from '#backing/embedder/learnt/vocabulary.ts';
import { corpus } from './corpus.ts';

const { signal } = new AbortController();
const names = new Set<string>();

describe('an embedder that is learnt', () => {
  test('is the same from the same texts and seed, in a worker as well, and another version from others', async () => {
    const texts = corpus();
    const table = train({ texts, names, seed: 1 });
    if (!table) throw new Error('Nothing was learnt');
    const { version } = learntEmbedder(table);
    expect((await learnEmbedder({ texts, names, seed: 1 }, signal))?.version).toEqual(version);
    const other = train({ texts: texts.slice(0, -500), names, seed: 1 });
    expect(other && learntEmbedder(other).version.digest).not.toBe(version.digest);
  });

  test('finds words alike that stand in like texts, though never in one', async () => {
    const embedder = await learnEmbedder({ texts: corpus(), names, seed: 1 }, signal);
    const vectors = await embedder?.embed(['a0x0', 'a0x7', 'a9x1'], signal);
    const [one, like, unlike] = vectors ?? [];
    const dot = (a?: Float32Array, b?: Float32Array) =>
      a?.reduce((sum, x, i) => sum + x * (b?.[i] as number), 0);
    expect(dot(one, like)).toBeGreaterThan((dot(one, unlike) as number) + 0.3);
  });

  test('is not learnt of too few words', async () => {
    const texts = Array.from({ length: 100 }, () => 'wifi drops again');
    expect(await learnEmbedder({ texts, names, seed: 1 }, signal)).toBeNull();
  });

  test('ends when it is given up on', async () => {
    const learning = learnEmbedder({ texts: corpus(), names, seed: 1 }, AbortSignal.abort());
    await expect(learning).rejects.toThrow();
  });
});

describe('names', () => {
  const said = (text: string, times: number) => Array.from({ length: times }, () => text);
  const people = new Set(['trey', 'linux']);

  test('of people are left out, wherever they stand', () => {
    const { words } = vocabularyOf(
      [...said('trey: the wifi drops', 60), ...said('ask trey about wifi', 20)],
      people,
    );
    expect(words).toContain('wifi');
    expect(words).not.toContain('trey');
  });

  test('that most say as a word are words, since somebody is called anything', () => {
    const { words } = vocabularyOf([...said('my linux drops', 60), ...said('linux: hello there', 2)], people);
    expect(words).toContain('linux');
  });

  test('are the one word of an id; an id of several is none', () => {
    expect([nameOf('|Trey|'), nameOf('user-17'), nameOf('…')]).toEqual(['trey', null, null]);
  });
});

test('pairs past the most that are held are forgotten, those met least first', () => {
  const pairs = new PairCounts(2 ** 10);
  for (let round = 0; round < 50; round++) for (let i = 1; i <= 20; i++) pairs.add(0, i);
  for (let i = 1; i < 5000; i++) pairs.add(i, i + 1);
  const counts = new Map<string, number>();
  pairs.each((a, b, count) => counts.set(`${a} ${b}`, count));
  expect(pairs.size).toBeLessThan(2 ** 10);
  for (let i = 1; i <= 20; i++) expect(counts.get(`0 ${i}`)).toBeGreaterThanOrEqual(50);
});

test('eigenvalues come largest first, each with its vector', () => {
  const { values, vectors } = eigen(Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, 5), 3);
  expect([...values].map((x) => Number(x.toFixed(9)))).toEqual([5, 3, 1]);
  expect(Math.abs(vectors[2 * 3] as number)).toBeCloseTo(1);
  expect((vectors[1] as number) - (vectors[4] as number)).toBeCloseTo(0);
});
