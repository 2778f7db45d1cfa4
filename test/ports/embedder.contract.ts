import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Embedder } from '#backing/embedder/port.ts';
import { ODD_IDS, textArb } from '../support/arbitraries.ts';

export type EmbedderSubject = { name: string; open(): Promise<Embedder> };

const { signal } = new AbortController();

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

const ODD_TEXTS = [
  ...ODD_IDS,
  '',
  ' ',
  '?!… — "…"',
  '🙂',
  '👩🏽‍🚀👩🏽‍🚀',
  '\u0000',
  'the and of',
  'İstanbul ΣΑΣ ﬁ',
  'm\u0301',
  'मुझे वाईफाई ठीक करना है',
  '無線が切れます',
  'x'.repeat(8192),
  'wifi '.repeat(1638),
  '🙂'.repeat(2048),
  'é'.repeat(4096),
];

/** A text, one about the same, and one about something else. */
const TRIPLES = [
  ['my wifi drops after suspend', 'wifi drops whenever I suspend', 'how do I print a photo'],
  ['install the nvidia driver', 'the nvidia driver will not build', 'which music player can you recommend'],
  ['mount a usb disk', 'my usb disk is not mounted', 'set up a mail server'],
] as const;

/** What every embedder holds to. */
export function embedderContract({ name, open }: EmbedderSubject): void {
  describe(`the embedder: ${name}`, () => {
    function expectWhole(vector: Float32Array, dimension: number) {
      expect(vector).toBeInstanceOf(Float32Array);
      expect(vector).toHaveLength(dimension);
      const squares = dot(vector, vector);
      if (squares !== 0) expect(squares).toBeCloseTo(1, 4);
    }

    test('says of what version its vectors are', async () => {
      const { version } = await open();
      expect(version.id).not.toBe('');
      expect(version.dimension).toBeGreaterThan(1);
      expect(version.metric).toBe('cosine');
      expect(version.digest).not.toBe('');
      expect((await open()).version).toEqual(version);
    });

    test('any text has a vector of length 1, or all zero where it says nothing', async () => {
      const embedder = await open();
      await fc.assert(
        fc.asyncProperty(fc.array(textArb, { maxLength: 5 }), async (texts) => {
          const vectors = await embedder.embed(texts, signal);
          expect(vectors).toHaveLength(texts.length);
          for (const vector of vectors) expectWhole(vector, embedder.version.dimension);
        }),
      );
    });

    test('an empty text, emoji, only punctuation, any script and 8 KiB are fine', async () => {
      const embedder = await open();
      const vectors = await embedder.embed(ODD_TEXTS, signal);
      expect(vectors).toHaveLength(ODD_TEXTS.length);
      for (const vector of vectors) expectWhole(vector, embedder.version.dimension);
      expect(await embedder.embed([], signal)).toEqual([]);
    });

    test('a text that says something is not all zero', async () => {
      const embedder = await open();
      for (const vector of await embedder.embed(TRIPLES.flat(), signal))
        expect(dot(vector, vector)).toBeCloseTo(1, 4);
    });

    test('the same text has the same vector, whatever stands beside it', async () => {
      const embedder = await open();
      const together = await embedder.embed([...ODD_TEXTS, ...TRIPLES.flat()], signal);
      const other = await open();
      for (const [at, text] of [...ODD_TEXTS, ...TRIPLES.flat()].entries()) {
        const [alone] = await other.embed([text], signal);
        const [a, b] = [alone as Float32Array, together[at] as Float32Array];
        a.forEach((x, i) => {
          expect(x).toBeCloseTo(b[i] as number, 4);
        });
      }
    });

    test('texts about the same are nearer than texts about something else', async () => {
      const embedder = await open();
      for (const texts of TRIPLES) {
        const [text, near, far] = (await embedder.embed(texts, signal)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        expect(dot(text, near)).toBeGreaterThan(dot(text, far));
        expect(dot(text, text)).toBeGreaterThan(dot(text, near));
      }
    });

    test('an aborted call rejects', async () => {
      const embedder = await open();
      await expect(embedder.embed(['text'], AbortSignal.abort())).rejects.toThrow();
    });
  });
}
