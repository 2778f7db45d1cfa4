import { type Fine, fineCosine, inverseNorm } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { Best } from './best.ts';
import { Question } from './question.ts';
import { RowList, strideOf } from './row-list.ts';

/** How many more are looked at than asked for, since those nearest by bytes are not quite those nearest. */
const MARGIN = 16;

/** A row that scored well. */
export type Scored<Meta> = { meta: Meta; similarity: number };

export type MatrixOptions<Meta> = {
  width: number;
  arena: Arena;
  /** What rows that score the same are sorted by. */
  orderOf: (meta: Meta) => string;
};

/** Rows of equal width, all of which a search scans by their bytes; of the best it looks at the rest of them too. */
export class Matrix<Key extends string | number, Meta> {
  readonly #arena: Arena;
  readonly #stride: number;
  readonly #orderOf: (meta: Meta) => string;
  readonly #rows: RowList;
  readonly #slots = new Map<Key, number>();
  readonly #metas: (Meta | undefined)[] = [];
  readonly #positions: number[] = [];
  readonly #freeSlots: number[] = [];

  constructor({ width, arena, orderOf }: MatrixOptions<Meta>) {
    this.#arena = arena;
    this.#stride = strideOf(width);
    this.#orderOf = orderOf;
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
  nearest(vectors: readonly Float32Array[], k: number, wanted: (meta: Meta) => boolean): Scored<Meta>[][] {
    return this.#nearestByBytes(vectors, k > 0 ? k + MARGIN : 0, wanted).map((slots, i) =>
      slots
        .map((slot) => ({
          meta: this.#metas[slot] as Meta,
          similarity: fineCosine(vectors[i] as Float32Array, this.#rows.row(this.#positions[slot] as number)),
        }))
        .sort(
          (a, b) => b.similarity - a.similarity || (this.#orderOf(a.meta) < this.#orderOf(b.meta) ? -1 : 1),
        )
        .slice(0, k),
    );
  }

  /** Gives all memory back; it holds no row from then on. */
  release(): void {
    this.#rows.release();
    this.#slots.clear();
    for (const column of [this.#metas, this.#positions, this.#freeSlots]) column.length = 0;
  }

  #nearestByBytes(
    vectors: readonly Float32Array[],
    k: number,
    wanted: (meta: Meta) => boolean,
  ): (readonly number[])[] {
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
