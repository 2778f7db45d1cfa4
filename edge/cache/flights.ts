import { inTime, LATE } from '../in-time.ts';

type Shared<T> = {
  value: T;
  /** True where another request had begun it. */
  joined: boolean;
};

export type Flights<T> = {
  /**
   * What `load` gives, shared with whoever asks for the same key meanwhile. The value goes from one request
   * to another, so it is plain data, never a Response or a stream.
   *
   * The load is registered with `waitUntil` of the request that began it: otherwise its cancellation would
   * leave a promise that never settles. Who joined waits `patience_ms` by a timer of its own, then takes the
   * key away from the one that hangs, and in the end loads for itself.
   */
  share(
    key: string,
    load: () => Promise<T>,
    options: { waitUntil: (work: Promise<unknown>) => void; patience_ms: number },
  ): Promise<Shared<T>>;
  has(key: string): boolean;
};

/** Lets equal loads under way at once be one. */
export function flights<T>(): Flights<T> {
  const under_way = new Map<string, Promise<T>>();

  function land(key: string, flight: Promise<T>) {
    if (under_way.get(key) === flight) under_way.delete(key);
  }

  return {
    has: (key) => under_way.has(key),

    async share(key, load, { waitUntil, patience_ms }) {
      // Twice, so that of all who lose patience with one flight only the first begins another.
      for (let joins = 0; joins < 2; joins++) {
        const flight = under_way.get(key);
        if (!flight) break;
        const value = await inTime(flight, patience_ms);
        if (value !== LATE) return { value, joined: true };
        land(key, flight);
      }
      const flight = load();
      under_way.set(key, flight);
      const landed = () => land(key, flight);
      waitUntil(flight.then(landed, landed));
      return { value: await flight, joined: false };
    },
  };
}
