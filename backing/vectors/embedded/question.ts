import type { Arena } from './arena.ts';
import { CHUNK_ROWS, type Chunk } from './row-list.ts';

/** The most that a component of a question is, where the sum allows it: 16 bits with their sign. */
const MOST = 2 ** 15 - 1;
const MOST_SUM = 2 ** 31 - 1;
const MOST_BYTE = 127;

/** A vector that rows are scored by, and room in the arena for it and the hits of a chunk. */
export class Question {
  readonly #arena: Arena;
  readonly #stride: number;
  readonly #size: number;
  readonly #at: number;
  readonly #hits: number;
  #numbers = new Int32Array();
  #scores = new Float32Array();

  constructor(arena: Arena, stride: number) {
    this.#arena = arena;
    this.#stride = stride;
    this.#size = stride * 2 + CHUNK_ROWS * 8;
    this.#at = arena.allocate(this.#size);
    this.#hits = this.#at + stride * 2;
  }

  /**
   * Asks by a vector of length 1, in whole numbers as fine as a sum of 32 bits over their products with bytes allows.
   */
  ask(vector: Float32Array): void {
    let largest = 0;
    for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i] as number));
    const finest = Math.min(MOST, Math.floor(MOST_SUM / (MOST_BYTE * vector.length)));
    const scale = largest > 0 ? finest / largest : 1;
    const words = new Int16Array(this.#arena.bytes().buffer, this.#at, this.#stride).fill(0);
    for (let i = 0; i < vector.length; i++) words[i] = Math.round((vector[i] as number) * scale);
  }

  /** Tells of each row of a chunk that scores at least `least`. */
  scan(
    { rows, norms, count, slots }: Chunk,
    least: number,
    tell: (slot: number, score: number) => void,
  ): void {
    const found = this.#arena.scan(rows, norms, count, this.#stride, this.#at, least, this.#hits);
    if (found === 0) return;
    const { buffer } = this.#arena.bytes();
    if (this.#numbers.buffer !== buffer) {
      this.#numbers = new Int32Array(buffer, this.#hits, CHUNK_ROWS * 2);
      this.#scores = new Float32Array(buffer, this.#hits, CHUNK_ROWS * 2);
    }
    for (let i = 0; i < found * 2; i += 2)
      tell(slots[this.#numbers[i] as number] as number, this.#scores[i + 1] as number);
  }

  release(): void {
    this.#arena.release(this.#at, this.#size);
  }
}
