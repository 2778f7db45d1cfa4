import { LRUCache } from 'lru-cache';
import type { Entry } from './policy.ts';

const MOST_BYTES = 8 * 1024 * 1024;
const OVERHEAD_BYTES = 512;

/** Answers in the memory of the isolate, bounded in bytes; the least lately used leave first. */
export type Memory = {
  get(key: string): Entry | undefined;
  set(key: string, entry: Entry): void;
  delete(key: string): void;
};

/** What V8 holds a string in: a byte a character, or two where one of them is beyond Latin-1. */
function bytesOf(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? text.length * 2 : text.length;
}

export function answerMemory(most_bytes = MOST_BYTES): Memory {
  const entries = new LRUCache<string, Entry>({
    maxSize: most_bytes,
    sizeCalculation: ({ answer }, key) => OVERHEAD_BYTES + bytesOf(answer.body) + bytesOf(key),
  });
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => {
      entries.set(key, entry);
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
