import { LRUCache } from 'lru-cache';
import type { Sent } from './batches.ts';

/** What an entry takes besides its numbers. */
const ENTRY_BYTES = 256;

type Flight = Sent & { waiting: number };

/** A vector that is on its way or was there already. Who asked leaves it once, when done with it. */
export type Joined = { vector: Promise<Float32Array> | Float32Array; leave(): void };

/**
 * Vectors by the hash of their text: those last used are kept, in so many bytes, and a text that is on its way is
 * not sent again. It is dropped only when all who want it have left.
 */
export function openFlights(max_bytes: number) {
  const kept = new LRUCache<string, Float32Array>({
    maxSize: max_bytes,
    sizeCalculation: ({ byteLength }) => byteLength + ENTRY_BYTES,
  });
  const flights = new Map<string, Flight>();

  function take(key: string, { vector, drop }: Sent): Flight {
    const flight = { vector, drop, waiting: 0 };
    flights.set(key, flight);
    const gone = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    vector.then((made) => {
      kept.set(key, made);
      gone();
    }, gone);
    return flight;
  }

  return {
    has: (key: string): boolean => kept.has(key) || flights.has(key),

    /** The vector under a key, by `send` where it is neither kept nor on its way. */
    join(key: string, send: () => Sent): Joined {
      const held = kept.get(key);
      if (held) return { vector: held, leave: () => {} };
      const flight = flights.get(key) ?? take(key, send());
      flight.waiting++;
      const leave = () => {
        if (--flight.waiting > 0 || flights.get(key) !== flight) return;
        flights.delete(key);
        flight.drop();
      };
      return { vector: flight.vector, leave };
    },
  };
}
