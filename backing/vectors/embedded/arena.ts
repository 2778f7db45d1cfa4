import { readFileSync } from 'node:fs';

/** Scores rows; what each argument is stands in scan.wat. */
type Scan = (
  rows: number,
  norms: number,
  count: number,
  width: number,
  question: number,
  least: number,
  hits: number,
) => number;

/** The cosines of four questions with one row, as finely as it is kept; scan.wat says what each argument is. */
type Cosines = (bytes: number, rest: number, width: number, questions: number, cosines: number) => void;

const scanModule = new WebAssembly.Module(readFileSync(new URL('./scan.wasm', import.meta.url)));
const PAGE_BYTES = 2 ** 16;
/** All that 32 bits of address reach but the last page, whose end is no address: some 14 million rows of 256. */
const MOST_PAGES = 2 ** 16 - 1;
const LEAST_REGION_BYTES = 256;
/** The first region does not begin at 0, which is never an address. */
const FIRST = LEAST_REGION_BYTES;

/** More vectors are to be held in memory than the embedded store can. */
export class ArenaFull extends Error {
  readonly code = 'arena_full';
  readonly retryable = false;
}

/**
 * The memory that vectors are scanned in: regions of powers of two, from 256 bytes on, 16-byte aligned, which are used
 * again once released. It grows by an eighth or a page at a time, up to 4 GiB, and never shrinks.
 */
export function openArena() {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  const { exports } = new WebAssembly.Instance(scanModule, { arena: { memory } });
  const released = new Map<number, number[]>();
  let end = FIRST;
  let bytes = new Int8Array(memory.buffer);

  const sizeOf = (wanted: number) => Math.max(LEAST_REGION_BYTES, 2 ** Math.ceil(Math.log2(wanted)));

  /** Growing leaves views of before without memory. */
  function reach(until: number): void {
    const missing = Math.ceil((until - bytes.byteLength) / PAGE_BYTES);
    if (missing <= 0) return;
    const pages = bytes.byteLength / PAGE_BYTES;
    const more = Math.min(MOST_PAGES - pages, Math.max(missing, pages >> 3));
    if (missing > more)
      throw new ArenaFull(
        'The embedded store has no room in memory for more vectors than 4 GiB: use VECTORS=milvus',
      );
    memory.grow(more);
    bytes = new Int8Array(memory.buffer);
  }

  return {
    scan: exports['scan'] as Scan,
    cosines: exports['cosines'] as Cosines,
    /** The whole of the memory; only until the next `allocate`. */
    bytes: () => bytes,
    /** Where a region of at least so many bytes begins, holding anything. Throws ArenaFull. */
    allocate(wanted: number): number {
      const size = sizeOf(wanted);
      const again = released.get(size)?.pop();
      if (again !== undefined) return again;
      reach(end + size);
      end += size;
      return end - size;
    },
    /** Gives back a region that was allocated for so many bytes. */
    release(at: number, wanted: number): void {
      const size = sizeOf(wanted);
      const others = released.get(size);
      if (others) others.push(at);
      else released.set(size, [at]);
    },
  };
}
export type Arena = ReturnType<typeof openArena>;
