import { LRUCache } from 'lru-cache';
import { composite } from '#contract/ids.ts';

/** Over all tenants and people. */
const BUDGET_BYTES = 64 * 2 ** 20;

/**
 * What was read of people, in memory for as long as their epoch holds: it is raised after each change of what it was
 * read from, and was itself read before that. Where the epoch is not known (0), nothing is held.
 */
export function heldPeople<Value extends object>(bytesOf: (value: Value) => number) {
  const held = new LRUCache<string, { epoch: number; value: Value }>({
    maxSize: BUDGET_BYTES,
    sizeCalculation: ({ value }) => bytesOf(value) + 200,
  });
  return async (
    person: { key: readonly string[]; epoch: number },
    read: () => Promise<Value>,
  ): Promise<Value> => {
    if (person.epoch === 0) return read();
    const key = composite(...person.key);
    const known = held.get(key);
    if (known?.epoch === person.epoch) return known.value;
    const value = await read();
    held.set(key, { epoch: person.epoch, value });
    return value;
  };
}
