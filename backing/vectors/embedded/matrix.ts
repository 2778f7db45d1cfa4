import { inverseNorm } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { Best } from './best.ts';
import { askInto } from './question.ts';
import { CHUNK_ROWS, RowList, strideOf } from './row-list.ts';

/** A row that scored well. */
export type Scored<Meta> = { meta: Meta; similarity: number };

export type MatrixOptions<Meta> = {
  width: number;
  arena: Arena;
  /** What rows that score the same are sorted by. */
  orderOf: (meta: Meta) => string;
};

/** Rows of equal width, searched exactly. */
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

  set(key: Key, bytes: Int8Array, meta: Meta): void {
    const norm = inverseNorm(bytes);
    const known = this.#slots.get(key);
    if (known !== undefined) {
      this.#rows.replace(this.#positions[known] as number, bytes, norm);
      this.#metas[known] = meta;
      return;
    }
    const slot = this.#freeSlots.pop() ?? this.#metas.length;
    this.#positions[slot] = this.#rows.push(slot, bytes, norm);
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
    const question_bytes = this.#stride * 2;
    const size = vectors.length * question_bytes + CHUNK_ROWS * 8;
    const place = this.#arena.allocate(size);
    try {
      const { buffer } = this.#arena.bytes();
      const metaOf = (slot: number) => this.#metas[slot] as Meta;
      const orderOf = (slot: number) => this.#orderOf(metaOf(slot));
      const hits = place + vectors.length * question_bytes;
      const [numbers, scores] = [
        new Int32Array(buffer, hits, CHUNK_ROWS * 2),
        new Float32Array(buffer, hits, CHUNK_ROWS * 2),
      ];
      const questions = vectors.map((vector, i) => {
        const at = place + i * question_bytes;
        return {
          ...{ at, best: new Best(k, orderOf) },
          ...askInto(new Int16Array(buffer, at, this.#stride), vector),
        };
      });
      for (const { rows, norms, count, slots } of this.#rows.chunks) {
        for (const { at, best } of questions) {
          const found = this.#arena.scan(rows, norms, count, this.#stride, at, best.least, hits);
          for (let i = 0; i < found; i++) {
            const [slot, score] = [slots[numbers[i * 2] as number] as number, scores[i * 2 + 1] as number];
            if (score >= best.least && wanted(metaOf(slot))) best.offer(slot, score);
          }
        }
      }
      return questions.map(({ best, scale }) =>
        best.slots.map((slot, i) => ({
          meta: metaOf(slot),
          similarity: (best.scores[i] as number) / scale,
        })),
      );
    } finally {
      this.#arena.release(place, size);
    }
  }

  /** Gives all memory back; it holds no row from then on. */
  release(): void {
    this.#rows.release();
    this.#slots.clear();
    this.#metas.length = 0;
    this.#positions.length = 0;
    this.#freeSlots.length = 0;
  }
}
