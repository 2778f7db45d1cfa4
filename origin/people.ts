import { LRUCache } from 'lru-cache';
import { composite } from '#contract/ids.ts';

/** Over all tenants and people. */
const BUDGET_BYTES = 64 * 2 ** 20;

type Person = { key: readonly string[]; epoch: number };

/**
 * What was read of people, in memory for as long as their epoch holds: it is raised after each change of what it was
 * read from, and was itself read before that. Where the epoch is not known (0), it is read each time, and what is
 * held stays for when it cannot be.
 */
export function heldPeople<Value extends object>(
  bytesOf: (value: Value) => number,
  looked: (hit: boolean) => void = () => {},
) {
  const held = new LRUCache<string, { epoch: number; value: Value }>({
    maxSize: BUDGET_BYTES,
    sizeCalculation: ({ value }) => bytesOf(value) + 200,
  });
  return {
    async get(person: Person, read: () => Promise<Value>): Promise<Value> {
      const key = composite(...person.key);
      const known = held.get(key);
      const holds = known !== undefined && person.epoch !== 0 && known.epoch === person.epoch;
      looked(holds);
      if (holds) return known.value;
      const value = await read();
      held.set(key, { epoch: person.epoch, value });
      return value;
    },
    /** As last read, whatever has changed since; null where nothing is held. */
    last: (key: readonly string[]): Value | null => held.get(composite(...key))?.value ?? null,
  };
}
