import { createHash } from 'node:crypto';
import type { Canonical } from './views.ts';

/** The least cosine of two vectors that count as one: stores may keep them in bytes. */
export const NEAR = 0.999;
/** How many differing lines are kept, and how much of each. */
const [TOLD, LONGEST] = [5, 300];

export type Comparison = {
  equal: boolean;
  /** Of the left side, then of the right. Vectors are left out of the hashes. */
  lines: [number, number];
  hashes: [string, string];
  /** The least cosine of two vectors of one identity; null where there was none. */
  least_cosine: number | null;
  /** How many lines differ, and the first of them: `null` where a side has no line with that key. */
  differing: number;
  first: [string | null, string | null][];
};

type Watching = {
  /** Told how many lines of the left were met. */
  onLine?(lines: number): void;
  /** Told of each pair of lines that differ; null where a side has no line with that key. */
  onDiffer?(left: string | null, right: string | null): void;
};

/**
 * Compares two dumps line by line, holding one line of each. Both must rise by their keys, as every dump does.
 */
export async function compareDumps(
  left: AsyncIterable<string>,
  right: AsyncIterable<string>,
  canonical: (line: string) => Canonical,
  { onLine = () => {}, onDiffer = () => {} }: Watching = {},
): Promise<Comparison> {
  const [a, b] = [side(left, canonical), side(right, canonical)];
  const first: Comparison['first'] = [];
  let differing = 0;
  let least_cosine: number | null = null;
  const note = (...pair: (Line | null)[]) => {
    differing++;
    onDiffer(pair[0]?.text ?? null, pair[1]?.text ?? null);
    const [one, other] = pair.map((line) => line?.text.slice(0, LONGEST) ?? null);
    if (first.length < TOLD) first.push([one ?? null, other ?? null]);
  };
  for (let [x, y] = [await a.next(), await b.next()]; x || y; ) {
    onLine(a.count());
    const order = x && y ? precedes(x.key, y.key) : x ? -1 : 1;
    if (order === 0 && x && y) {
      const near = cosine(x.vector, y.vector);
      if (near !== null) least_cosine = Math.min(near, least_cosine ?? 1);
      if (x.text !== y.text || (near ?? 1) < NEAR) note(x, y);
      [x, y] = [await a.next(), await b.next()];
    } else if (order < 0) {
      note(x, null);
      x = await a.next();
    } else {
      note(null, y);
      y = await b.next();
    }
  }
  const hashes: [string, string] = [a.hash(), b.hash()];
  const lines: [number, number] = [a.count(), b.count()];
  return { equal: differing === 0, lines, hashes, least_cosine, differing, first };
}

type Line = Canonical & { key: unknown[] };

/** A dump, and what has been read of it. */
function side(dump: AsyncIterable<string>, canonical: (line: string) => Canonical) {
  const lines = dump[Symbol.asyncIterator]();
  const hash = createHash('sha256');
  let count = 0;
  return {
    async next(): Promise<Line | null> {
      const { value, done } = await lines.next();
      if (done) return null;
      count++;
      const read = canonical(value);
      hash.update(`${read.text}\n`);
      return { ...read, key: JSON.parse(value.slice(0, value.indexOf(' '))) };
    },
    hash: () => hash.digest('hex'),
    count: () => count,
  };
}

function precedes(a: readonly unknown[], b: readonly unknown[]): number {
  const at = a.findIndex((part, i) => String(part) !== String(b[i]));
  return at < 0 ? 0 : String(a[at]) < String(b[at]) ? -1 : 1;
}

/** Two vectors of all zero are one. Null where neither side has a vector. */
function cosine(a: Int8Array | null, b: Int8Array | null): number | null {
  if (a === null || b === null) return a === b ? null : 0;
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] ?? 0];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0;
  return dot / Math.sqrt(aa * bb);
}
