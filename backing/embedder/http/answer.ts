import * as v from 'valibot';
import type { EmbeddingVersion } from '../port.ts';
import { EmbedderError } from './errors.ts';

const Answer = v.object({
  data: v.array(
    v.object({
      index: v.pipe(v.number(), v.integer(), v.minValue(0)),
      embedding: v.union([v.string(), v.array(v.number())]),
    }),
  ),
});

/** How many bytes base64 of so many characters holds, of which the last may be padding (RFC 4648, 4). */
function decodedLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor(((text.length - padding) * 3) / 4);
}

/** The numbers of an embedding: little-endian floats of 4 bytes in base64, or a list. */
function numbersOf(embedding: string | number[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  const bytes = Buffer.from(new ArrayBuffer(decodedLength(embedding) & ~3));
  const written = bytes.write(embedding, 'base64');
  return new Float32Array(bytes.buffer, 0, written >> 2);
}

/** Most services give vectors of length 1 already, as nearly as their numbers can tell: dividing would change nothing. */
const ROUNDED = 1e-6;

/** Makes a vector of length 1, in place; one of no length stays as it is. False where a number is not finite. */
function normalise(vector: Float32Array): boolean {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] as number) * (vector[i] as number);
  const length = Math.sqrt(squares);
  if (length > 0 && Math.abs(length - 1) > ROUNDED)
    for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
  // No square of a number of 4 bytes is too large for one of 8.
  return Number.isFinite(squares);
}

/**
 * The vectors of an answer in the order of the texts, each of length 1 or all zero. Throws EmbedderError where they
 * are not as many as the texts, not of the dimension, or not finite.
 */
export function vectorsOf(body: string, count: number, { dimension }: EmbeddingVersion): Float32Array[] {
  const bad = (what: string) =>
    new EmbedderError('embedder_bad_answer', `The embeddings service answered with ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // Without its cause, which quotes what it could not read.
    throw bad('what is no JSON');
  }
  const answer = v.safeParse(Answer, json);
  if (!answer.success) throw bad('what are no embeddings');
  const { data } = answer.output;
  const vectors: Float32Array[] = [];
  for (const { index, embedding } of data) {
    if (index >= count || vectors[index]) throw bad('an index that is twice, or of no text');
    const vector = numbersOf(embedding);
    if (vector.length !== dimension)
      throw bad(`${vector.length} dimensions where EMBEDDINGS_DIMENSION says ${dimension}`);
    if (!normalise(vector)) throw bad('a number that is not finite');
    vectors[index] = vector;
  }
  if (data.length !== count) throw bad(`${data.length} vectors for ${count} texts`);
  return vectors;
}
