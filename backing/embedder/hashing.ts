import { hash } from 'node:crypto';
import type { Embedder, EmbeddingVersion } from './port.ts';
import { STOP_WORDS, wordsOf } from './words.ts';

/** A power of two, so that a hash's low bits are a place. */
const DIMENSION = 256;
const SHORTEST = 3;
const LONGEST = 5;
/** A piece of a word says less than the word: a text's pieces together weigh about what its words do. */
const PIECE_WEIGHT = 0.25;

const recipe = JSON.stringify([DIMENSION, SHORTEST, LONGEST, PIECE_WEIGHT, [...STOP_WORDS], 'fnv1a', 1]);

const version: EmbeddingVersion = {
  id: 'hashing-256-v1',
  dimension: DIMENSION,
  metric: 'cosine',
  digest: hash('sha256', recipe, 'hex'),
};

const FNV_OFFSET = 0x811c9dc5;

/** A step of FNV-1a, 32 bits, by one UTF-16 unit. */
function fnv1a(h: number, unit: number): number {
  return Math.imul(h ^ unit, 0x01000193);
}

/** Adds a weight at the place and with the sign that a hash says, once mixed so that its low bits depend on every unit. */
function add(vector: Float32Array, hashed: number, weight: number): void {
  const folded = Math.imul(hashed ^ (hashed >>> 16), 0x85ebca6b);
  const h = folded ^ (folded >>> 13);
  const slot = h & (DIMENSION - 1);
  vector[slot] = (vector[slot] as number) + (h < 0 ? -weight : weight);
}

function addWord(vector: Float32Array, word: string): void {
  let h = FNV_OFFSET;
  for (let i = 0; i < word.length; i++) h = fnv1a(h, word.charCodeAt(i));
  add(vector, h, 1);
}

/** Adds the pieces of a word, its edges marked. */
function addPieces(vector: Float32Array, word: string): void {
  const edged = `<${word}>`;
  for (let from = 0; from + SHORTEST <= edged.length; from++) {
    let h = FNV_OFFSET;
    const end = Math.min(from + LONGEST, edged.length);
    for (let i = from; i < end; i++) {
      h = fnv1a(h, edged.charCodeAt(i));
      if (i - from >= SHORTEST - 1) add(vector, h, PIECE_WEIGHT);
    }
  }
}

function embedOne(text: string): Float32Array {
  const vector = new Float32Array(DIMENSION);
  for (const word of wordsOf(text)) {
    if (STOP_WORDS.has(word)) continue;
    addWord(vector, word);
    addPieces(vector, word);
  }
  let squares = 0;
  for (let i = 0; i < DIMENSION; i++) squares += (vector[i] as number) ** 2;
  const length = Math.sqrt(squares);
  if (length > 0) for (let i = 0; i < DIMENSION; i++) vector[i] = (vector[i] as number) / length;
  return vector;
}

/**
 * Feature hashing: a text's distinct words and their pieces of 3 to 5 characters, each to a signed place by
 * its hash (Weinberger et al., 2009). Needs no training, so that a tenant's first message has a vector.
 */
export const hashingEmbedder: Embedder = {
  version,
  async embed(texts, signal) {
    signal.throwIfAborted();
    return texts.map(embedOne);
  },
};
