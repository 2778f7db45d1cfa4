import { wordsOf } from '../words.ts';
import { eigen, factorise } from './factorise.ts';
import { ppmi } from './ppmi.ts';
import type { Table } from './table.ts';
import { vocabularyOf } from './vocabulary.ts';

const DIMENSION = 128;
/** a of SIF: a word's weight is a / (a + its share of all words), so that frequent words count less. */
const SIF = 1e-3;
/** The direction that texts share is found from so many. */
const SAMPLE = 20_000;

function normaliseRows(vectors: Float32Array, width: number): void {
  for (let from = 0; from < vectors.length; from += width) {
    let squares = 0;
    for (let i = from; i < from + width; i++) squares += (vectors[i] as number) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = from; i < from + width; i++) vectors[i] = (vectors[i] as number) * scale;
  }
}

/** The sum of the vectors of a text's words. */
export function sumOf(
  text: string,
  slots: ReadonlyMap<string, number>,
  { dimension, vectors }: Table,
): Float32Array {
  const sum = new Float32Array(dimension);
  for (const word of wordsOf(text)) {
    const slot = slots.get(word);
    if (slot === undefined) continue;
    const from = slot * dimension;
    for (let i = 0; i < dimension; i++) sum[i] = (sum[i] as number) + (vectors[from + i] as number);
  }
  return sum;
}

/** The first principal direction of texts' sums, each at length 1. */
function commonOf(texts: readonly string[], slots: ReadonlyMap<string, number>, table: Table): Float32Array {
  const { dimension } = table;
  const squares = new Float64Array(dimension * dimension);
  const step = Math.max(1, Math.floor(texts.length / SAMPLE));
  for (let at = 0; at < texts.length; at += step) {
    const sum = sumOf(texts[at] as string, slots, table);
    normaliseRows(sum, dimension);
    for (let i = 0; i < dimension; i++) {
      const x = sum[i] as number;
      for (let j = 0; j < dimension; j++) {
        squares[i * dimension + j] = (squares[i * dimension + j] as number) + x * (sum[j] as number);
      }
    }
  }
  const { vectors } = eigen(squares, dimension);
  return Float32Array.from({ length: dimension }, (_, i) => vectors[i * dimension] as number);
}

export type Corpus = {
  texts: readonly string[];
  /** Names of people, as `nameOf` gives them: they are left out. */
  names: ReadonlySet<string>;
  /** Who said each text, by number: then a word is learnt only where enough people used it. */
  people?: readonly number[];
  seed: number;
};

/**
 * Learns word vectors from texts: pointwise mutual information of words that share a text, factorised (Levy and Goldberg,
 * 2014); a text is the weighted sum of its words, without what all texts share (Arora, Liang and Ma, 2017). The same
 * corpus and seed give the same table. Null where too few words are frequent enough to learn anything of.
 */
export function train({ texts, names, people, seed }: Corpus): Table | null {
  const vocabulary = vocabularyOf(texts, names, people);
  const { words, counts, slots } = vocabulary;
  if (words.length < DIMENSION) return null;
  const vectors = factorise(ppmi(texts, vocabulary), DIMENSION, seed);
  normaliseRows(vectors, DIMENSION);
  const all = counts.reduce((sum, count) => sum + count, 0);
  counts.forEach((count, slot) => {
    const weight = SIF / (SIF + count / all);
    for (let i = slot * DIMENSION; i < (slot + 1) * DIMENSION; i++)
      vectors[i] = (vectors[i] as number) * weight;
  });
  const table: Table = { dimension: DIMENSION, words, vectors, common: new Float32Array(DIMENSION) };
  return { ...table, common: commonOf(texts, slots, table) };
}
