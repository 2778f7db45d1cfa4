const EMPTY = -1;
/** Past this share the table grows, or makes room. */
const FULLEST = 0.7;

/**
 * How often two words stand in one text: a hash table in typed arrays, 12 bytes a slot, bounded. Where it may
 * grow no more, pairs that were met least are forgotten, as in lossy counting (Manku and Motwani, 2002).
 */
export class PairCounts {
  readonly #most: number;
  #keys: Float64Array;
  #counts: Uint32Array;
  #size = 0;

  /** `most` is a power of two: the most slots it may have. */
  constructor(most: number) {
    this.#most = most;
    const slots = Math.min(most, 2 ** 16);
    this.#keys = new Float64Array(slots).fill(EMPTY);
    this.#counts = new Uint32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /** Counts a pair; the order of the two says nothing. */
  add(a: number, b: number): void {
    this.#put(a < b ? a * 2 ** 24 + b : b * 2 ** 24 + a, 1);
    if (this.#size > FULLEST * this.#keys.length) this.#makeRoom();
  }

  #put(key: number, count: number): void {
    const [keys, mask] = [this.#keys, this.#keys.length - 1];
    let slot = (Math.imul(key % 2 ** 24, 0x9e3779b1) ^ Math.imul(key / 2 ** 24, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & mask;
    while (keys[slot] !== EMPTY && keys[slot] !== key) slot = (slot + 1) & mask;
    if (keys[slot] === EMPTY) {
      keys[slot] = key;
      this.#size++;
    }
    this.#counts[slot] = (this.#counts[slot] as number) + count;
  }

  #makeRoom(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    const grows = keys.length < this.#most;
    let least = grows ? 0 : 1;
    do {
      const slots = grows ? keys.length * 2 : keys.length;
      this.#keys = new Float64Array(slots).fill(EMPTY);
      this.#counts = new Uint32Array(slots);
      this.#size = 0;
      for (let i = 0; i < keys.length; i++) {
        if (keys[i] !== EMPTY && (counts[i] as number) > least)
          this.#put(keys[i] as number, counts[i] as number);
      }
      least++;
    } while (this.#size > (FULLEST / 2) * this.#keys.length && !grows);
  }

  /** Calls with each pair and its count, the lower word first; in no order that says anything. */
  each(visit: (a: number, b: number, count: number) => void): void {
    for (let i = 0; i < this.#keys.length; i++) {
      const key = this.#keys[i] as number;
      if (key !== EMPTY) visit(Math.floor(key / 2 ** 24), key % 2 ** 24, this.#counts[i] as number);
    }
  }
}
