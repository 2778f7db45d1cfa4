import { type Fine, inverseNorm } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { Best } from './best.ts';
import { ABREAST, Cosines } from './cosines.ts';
import { Question } from './question.ts';
import { CHUNK_ROWS, RowList, strideOf } from './row-list.ts';

/** How many more are looked at than asked for, since those nearest by bytes are not quite those nearest. */
const MARGIN = 16;

export type MatrixOptions<Meta, Hit> = {
  width: number;
  arena: Arena;
  /** What is told of a row that is found. */
  hitOf: (meta: Meta, similarity: number) => Hit;
  /** What rows that score the same are sorted by. */
  orderOf: (meta: Meta) => string;
};

/** Rows of equal width, all of which a search scans by their bytes; of the best it looks at the rest of them too. */
export class Matrix<Key extends string | number, Meta, Hit> {
  readonly #arena: Arena;
  readonly #stride: number;
  readonly #orderOf: (meta: Meta) => string;
  readonly #hitOf: (meta: Meta, similarity: number) => Hit;
  readonly #rows: RowList;
  readonly #slots = new Map<Key, number>();
  readonly #metas: (Meta | undefined)[] = [];
  readonly #positions: number[] = [];
  readonly #freeSlots: number[] = [];

  constructor({ width, arena, orderOf, hitOf }: MatrixOptions<Meta, Hit>) {
    this.#arena = arena;
    this.#stride = strideOf(width);
    this.#orderOf = orderOf;
    this.#hitOf = hitOf;
    this.#rows = new RowList(arena, this.#stride);
  }

  set(key: Key, vector: Fine, meta: Meta): void {
    const row = { ...vector, norm: inverseNorm(vector.bytes) };
    const known = this.#slots.get(key);
    if (known !== undefined) {
      this.#rows.replace(this.#positions[known] as number, row);
      this.#metas[known] = meta;
      return;
    }
    const slot = this.#freeSlots.pop() ?? this.#metas.length;
    this.#positions[slot] = this.#rows.push(slot, row);
    this.#metas[slot] = meta;
    this.#slots.set(key, slot);
  }

  delete(key: Key): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    const position = this.#positions[slot] as number;
    this.#positions[this.#rows.remove(position)] = position;
    this.#metas[slot] = undefined;
    this.#slots.delete(key);
    this.#freeSlots.push(slot);
  }

  /** For each vector of length 1 the k rows most similar to it, of those that are wanted; best first. */
  nearest(vectors: readonly Float32Array[], k: number, wanted: (meta: Meta) => boolean): Hit[][] {
    if (k <= 0) return vectors.map(() => []);
    // Where so few rows are left out, bytes have nothing to tell.
    if (this.#rows.length <= k + MARGIN) return this.#nearestOf(this.#wanted(wanted), vectors, k);
    return this.#nearestByBytes(vectors, k + MARGIN, wanted).flatMap((slots, i) =>
      this.#nearestOf(slots, vectors.slice(i, i + 1), k),
    );
  }

  /** Gives all memory back; it holds no row from then on. */
  release(): void {
    this.#rows.release();
    this.#slots.clear();
    for (const column of [this.#metas, this.#positions, this.#freeSlots]) column.length = 0;
  }

  #wanted(wanted: (meta: Meta) => boolean): number[] {
    const slots: number[] = [];
    for (const slot of this.#slots.values()) if (wanted(this.#metas[slot] as Meta)) slots.push(slot);
    return slots;
  }

  /** For each vector the k nearest of some rows, by all that there is of them. */
  #nearestOf(slots: readonly number[], vectors: readonly Float32Array[], k: number): Hit[][] {
    const scores = vectors.map(() => new Float32Array(slots.length));
    for (let first = 0; first < vectors.length; first += ABREAST) {
      const cosines = new Cosines(this.#arena, this.#stride, vectors.slice(first, first + ABREAST));
      const own = scores.slice(first, first + ABREAST);
      slots.forEach((slot, i) => {
        const position = this.#positions[slot] as number;
        const found = cosines.of(this.#rows.chunkOf(position), position % CHUNK_ROWS);
        for (let lane = 0; lane < own.length; lane++) (own[lane] as Float32Array)[i] = found[lane] as number;
      });
      cosines.release();
    }
    return scores.map((own) => this.#bestFirst(slots, own, k));
  }

  #bestFirst(slots: readonly number[], scores: Float32Array, k: number): Hit[] {
    const metaAt = (i: number) => this.#metas[slots[i] as number] as Meta;
    return Array.from(slots, (_, i) => i)
      .sort(
        (a, b) =>
          (scores[b] as number) - (scores[a] as number) ||
          (this.#orderOf(metaAt(a)) < this.#orderOf(metaAt(b)) ? -1 : 1),
      )
      .slice(0, k)
      .map((i) => this.#hitOf(metaAt(i), scores[i] as number));
  }

  #nearestByBytes(vectors: readonly Float32Array[], k: number, wanted: (meta: Meta) => boolean): number[][] {
    const asked: { question: Question; best: Best; tell: (slot: number, score: number) => void }[] = [];
    try {
      for (const vector of vectors) {
        const question = new Question(this.#arena, this.#stride);
        const best = new Best(k, (slot) => this.#orderOf(this.#metas[slot] as Meta));
        const tell = (slot: number, score: number) => {
          if (score >= best.least && wanted(this.#metas[slot] as Meta)) best.offer(slot, score);
        };
        asked.push({ question, best, tell });
        question.ask(vector);
      }
      for (const chunk of this.#rows.chunks)
        for (const { question, best, tell } of asked) question.scan(chunk, best.least, tell);
      return asked.map(({ best }) => best.slots);
    } finally {
      for (const { question } of asked) question.release();
    }
  }
}
