import { inverseNorm } from './quantise.ts';

/** A row that scored well. */
export type Scored<Meta> = { meta: Meta; similarity: number };

/**
 * Rows of equal width in one block of bytes, searched exactly. Holds width + 8 bytes a row, beside what is
 * remembered of it; grows by half.
 */
export class Matrix<Meta> {
  readonly #width: number;
  #bytes: Int8Array;
  #norms = new Float64Array(16);
  readonly #metas: Meta[] = [];
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];

  constructor(width: number) {
    this.#width = width;
    this.#bytes = new Int8Array(16 * width);
  }

  set(key: string, bytes: Int8Array, meta: Meta): void {
    const slot = this.#slots.get(key) ?? this.#metas.length;
    if (slot === this.#norms.length) this.#grow();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#metas[slot] = meta;
    this.#norms[slot] = inverseNorm(bytes);
    this.#bytes.set(bytes, slot * this.#width);
  }

  /** Takes a row out; the last one moves into its place. */
  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    const last = this.#metas.length - 1;
    const moved = this.#keys[last] as string;
    this.#bytes.copyWithin(slot * this.#width, last * this.#width, (last + 1) * this.#width);
    this.#norms[slot] = this.#norms[last] as number;
    this.#metas[slot] = this.#metas[last] as Meta;
    this.#keys[slot] = moved;
    this.#slots.set(moved, slot);
    this.#slots.delete(key);
    this.#metas.pop();
    this.#keys.pop();
  }

  #grow(): void {
    const rows = Math.ceil(this.#norms.length * 1.5);
    const [bytes, norms] = [new Int8Array(rows * this.#width), new Float64Array(rows)];
    bytes.set(this.#bytes);
    norms.set(this.#norms);
    [this.#bytes, this.#norms] = [bytes, norms];
  }

  /** The k rows most similar to a vector of length 1, of those that are wanted; best first, ties by key. */
  nearest(vector: Float32Array, k: number, wanted: (meta: Meta) => boolean): Scored<Meta>[] {
    const best: { slot: number; similarity: number }[] = [];
    const better = (a: { slot: number; similarity: number }, b: typeof a) =>
      a.similarity !== b.similarity
        ? a.similarity > b.similarity
        : (this.#keys[a.slot] as string) < (this.#keys[b.slot] as string);
    const [bytes, width, norms] = [this.#bytes, this.#width, this.#norms];
    for (let slot = 0; slot < this.#metas.length; slot++) {
      if (!wanted(this.#metas[slot] as Meta)) continue;
      let dot = 0;
      for (let i = 0, at = slot * width; i < width; i++, at++)
        dot += (vector[i] as number) * (bytes[at] as number);
      const scored = { slot, similarity: dot * (norms[slot] as number) };
      const worst = best[best.length - 1];
      if (best.length === k && worst && !better(scored, worst)) continue;
      let place = best.length === k ? k - 1 : best.length;
      while (place > 0 && better(scored, best[place - 1] as typeof scored)) {
        best[place] = best[place - 1] as typeof scored;
        place--;
      }
      best[place] = scored;
    }
    return best.map(({ slot, similarity }) => ({ meta: this.#metas[slot] as Meta, similarity }));
  }
}
