import type { Arena } from './arena.ts';
import type { Chunk } from './row-list.ts';

/** How many vectors the kernel holds a row against at once: each sum takes its time, and four take no more. */
export const ABREAST = 4;

/** So many components of each vector stand side by side. */
const TOGETHER = 4;
const FLOAT_BYTES = 4;

/** Up to four vectors of length 1 to hold rows against as finely as they are kept, and room in the arena for it. */
export class Cosines {
  readonly #arena: Arena;
  readonly #stride: number;
  readonly #size: number;
  readonly #at: number;
  readonly #questions: number;
  readonly #rest: number;
  readonly #cosines: Float32Array;

  constructor(arena: Arena, stride: number, vectors: readonly Float32Array[]) {
    this.#arena = arena;
    this.#stride = stride;
    this.#size = (1 + stride) * ABREAST * FLOAT_BYTES + stride;
    this.#at = arena.allocate(this.#size);
    this.#questions = this.#at + ABREAST * FLOAT_BYTES;
    this.#rest = this.#questions + stride * ABREAST * FLOAT_BYTES;
    const { buffer } = arena.bytes();
    this.#cosines = new Float32Array(buffer, this.#at, ABREAST);
    const components = new Float32Array(buffer, this.#questions, stride * ABREAST).fill(0);
    vectors.forEach((vector, lane) => {
      for (let i = 0; i < vector.length; i++) {
        const aside = i % TOGETHER;
        components[(i - aside) * ABREAST + lane * TOGETHER + aside] = vector[i] as number;
      }
    });
  }

  /** The cosine of each vector with a row, 0 where that is all zero; until it is asked again, or any memory allocated. */
  of({ rows, rests }: Chunk, at: number): Float32Array {
    const begin = at * this.#stride;
    // The rests lie outside the arena, where a scan would have no use for them.
    this.#arena.bytes().set(rests.subarray(begin, begin + this.#stride), this.#rest);
    this.#arena.cosines(rows + begin, this.#rest, this.#stride, this.#questions, this.#at);
    return this.#cosines;
  }

  release(): void {
    this.#arena.release(this.#at, this.#size);
  }
}
