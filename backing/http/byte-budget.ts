import { Problem } from '#contract/problem.ts';

/** What one request holds of a budget. */
export type Lease = {
  /** Takes more bytes. Throws an `overloaded` problem with Retry-After, and takes nothing, where they are not left. */
  grow(bytes: number): void;
  /** Gives back all that was taken. */
  release(): void;
};

/** Bounds the bytes that all requests at hand hold together. */
export type ByteBudget = { lease(): Lease };

const RETRY_S = 1;

export function byteBudget(max_bytes: number): ByteBudget {
  let held = 0;
  return {
    lease() {
      let mine = 0;
      return {
        grow(bytes) {
          if (held + bytes > max_bytes) {
            throw new Problem('overloaded', `Too many bodies are at hand; try again in ${RETRY_S} s`, {
              headers: { 'Retry-After': String(RETRY_S) },
            });
          }
          held += bytes;
          mine += bytes;
        },
        release() {
          held -= mine;
          mine = 0;
        },
      };
    },
  };
}
