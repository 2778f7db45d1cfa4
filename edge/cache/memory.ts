import { Lru } from './lru.ts';
import type { Entry } from './policy.ts';

const MOST_BYTES = 8 * 1024 * 1024;
const OVERHEAD_BYTES = 512;
/** Of one person: who varies what they ask for displaces their own answers, not everybody's. */
const MOST_VARIANTS = 16;

/** Answers in the memory of the isolate, bounded in bytes; the least lately used leave first. */
export type Memory = {
  get(key: string): Entry | undefined;
  /** `owner` is the person whose answers are bounded in number; null for what is not one person's. */
  set(key: string, entry: Entry, owner?: string | null): void;
  delete(key: string): void;
};

type Kept = { entry: Entry; owner: string | null };

/** What V8 holds a string in: a byte a character, or two where one of them is beyond Latin-1. */
function bytesOf(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? text.length * 2 : text.length;
}

export function answerMemory(most_bytes = MOST_BYTES): Memory {
  /** The keys of each person who has any here, the least lately set first. */
  const owned = new Map<string, Set<string>>();

  const entries = new Lru<Kept>({
    most: most_bytes,
    weigh: ({ entry: { answer } }, key) => OVERHEAD_BYTES + bytesOf(answer.body) + bytesOf(key),
    onGone: ({ owner }, key) => {
      if (owner === null) return;
      const keys = owned.get(owner);
      keys?.delete(key);
      if (keys?.size === 0) owned.delete(owner);
    },
  });

  return {
    get: (key) => entries.get(key)?.entry,
    set: (key, entry, owner = null) => {
      entries.set(key, { entry, owner });
      // What is too large to be kept is not here now.
      if (owner === null || !entries.has(key)) return;
      const keys = owned.get(owner) ?? new Set();
      keys.delete(key);
      owned.set(owner, keys.add(key));
      const [oldest] = keys;
      if (keys.size > MOST_VARIANTS && oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
