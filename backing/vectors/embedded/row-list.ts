import type { Fine } from '../quantise.ts';
import type { Arena } from './arena.ts';

/** A vector; `norm` is one over the length of its bytes. No scan looks at their rest. */
export type Row = Fine & { norm: number };

/** Rows in one piece of memory; `slots` says whose each is. */
export type Chunk = { rows: number; norms: number; count: number; slots: Int32Array; rests: Int8Array };

/** As many hits as there are rows fit into what is scanned at once. */
export const CHUNK_ROWS = 128;
const LEAST_ROWS = 8;

/** How many bytes a row of a width takes: what the kernel reads at once divides it. */
export const strideOf = (width: number) => Math.ceil(width / 32) * 32;

/** Rows of equal stride in chunks, each at a position from 0 on. The first chunk doubles until it is a whole one. */
export class RowList {
  readonly chunks: Chunk[] = [];
  readonly #arena: Arena;
  readonly #stride: number;
  #length = 0;

  constructor(arena: Arena, stride: number) {
    this.#arena = arena;
    this.#stride = stride;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a row at the end, and gives its position. */
  push(slot: number, row: Row): number {
    const position = this.#length;
    const at = position % CHUNK_ROWS;
    const last = this.chunks.at(-1);
    if (!last || last.count === CHUNK_ROWS) this.chunks.push(this.#chunk(last ? CHUNK_ROWS : LEAST_ROWS));
    else if (last.count === last.slots.length) this.chunks[this.chunks.length - 1] = this.#doubled(last);
    const chunk = this.chunks.at(-1) as Chunk;
    chunk.count++;
    this.#length++;
    this.#write(chunk, at, slot, row);
    return position;
  }

  /** The chunk that a row stands in, CHUNK_ROWS to each. */
  chunkOf(position: number): Chunk {
    return this.chunks[Math.floor(position / CHUNK_ROWS)] as Chunk;
  }

  replace(position: number, row: Row): void {
    const [chunk, at] = [this.chunkOf(position), position % CHUNK_ROWS];
    this.#write(chunk, at, chunk.slots[at] as number, row);
  }

  /** Takes a row out; the last one moves into its place. Gives whose that was. */
  remove(position: number): number {
    const last = this.chunks.at(-1) as Chunk;
    const { slot, ...row } = this.#row(last, last.count - 1);
    if (position !== this.#length - 1) this.#write(this.chunkOf(position), position % CHUNK_ROWS, slot, row);
    last.count--;
    this.#length--;
    if (last.count === 0) this.#release(this.chunks.pop() as Chunk);
    return slot;
  }

  /** Gives all memory back. */
  release(): void {
    for (const chunk of this.chunks) this.#release(chunk);
    this.chunks.length = 0;
    this.#length = 0;
  }

  /** A row as it is: a view of memory that holds until anything is allocated or removed. */
  #row({ rows, norms, slots, rests }: Chunk, at: number): Row & { slot: number } {
    const [all, begin] = [this.#arena.bytes(), at * this.#stride];
    return {
      slot: slots[at] as number,
      bytes: all.subarray(rows + begin, rows + begin + this.#stride),
      rest: rests.subarray(begin, begin + this.#stride),
      norm: new Float32Array(all.buffer, norms, at + 1)[at] as number,
    };
  }

  /** Fills up with zeros, which a region that is used again may not have. */
  #write(chunk: Chunk, at: number, slot: number, { bytes, rest, norm }: Row): void {
    const own = this.#row(chunk, at);
    own.bytes.fill(0, bytes.length).set(bytes);
    own.rest.fill(0, rest.length).set(rest);
    new Float32Array(this.#arena.bytes().buffer, chunk.norms, at + 1)[at] = norm;
    chunk.slots[at] = slot;
  }

  #chunk(capacity: number): Chunk {
    const rows = this.#arena.allocate(capacity * this.#stride);
    try {
      const norms = this.#arena.allocate(capacity * 4);
      const [slots, rests] = [new Int32Array(capacity), new Int8Array(capacity * this.#stride)];
      return { rows, norms, count: 0, slots, rests };
    } catch (error) {
      this.#arena.release(rows, capacity * this.#stride);
      throw error;
    }
  }

  #doubled(chunk: Chunk): Chunk {
    const { rows, norms, count, slots, rests } = chunk;
    const larger = { ...this.#chunk(slots.length * 2), count };
    const bytes = this.#arena.bytes();
    bytes.copyWithin(larger.rows, rows, rows + count * this.#stride);
    bytes.copyWithin(larger.norms, norms, norms + count * 4);
    larger.slots.set(slots);
    larger.rests.set(rests);
    this.#release(chunk);
    return larger;
  }

  #release({ rows, norms, slots }: Chunk): void {
    this.#arena.release(rows, slots.length * this.#stride);
    this.#arena.release(norms, slots.length * 4);
  }
}
