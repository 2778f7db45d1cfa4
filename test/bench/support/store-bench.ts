import type { Meter } from './meter.ts';

/** A hot operation of a store, as both sides do it. */
export type Operation = {
  name: string;
  /** What one call holds, in words: `500 messages of 200 bytes`. */
  holds: string;
  /** How many things a call holds; rates and CPU are told for one of them. */
  items: number;
  /** How many callers there are, each calling again as soon as it is answered. */
  clients: number;
  /** The most calls in a turn, where what there is to read is limited. */
  most?: number;
};

export type Turn = { calls: number; clients: number; meter: Meter };

/** An adapter, or the raw client doing the same: what does each operation, by its name. */
export type Side = { work: Readonly<Record<string, (turn: Turn) => Promise<void>>>; close(): Promise<void> };

/**
 * What a file of test/bench/stores exports as `store`: one adapter beside its raw client. Each side runs in a process
 * of its own, on what `prepare` made.
 */
export type StoreBench<Place = never> = {
  /** The port, and what stands behind it. */
  name: string;
  /** The variables that must be set, and the services that `npm run services -- up` starts for them. */
  needs: readonly { variable: string; up: string }[];
  operations: readonly Operation[];
  /** Makes what both sides work on, apart from all else on the server. `place` is given to both, as JSON. */
  prepare(): Promise<{ place: Place; remove(): Promise<void> }>;
  adapter(place: Place): Promise<Side>;
  raw(place: Place): Promise<Side>;
};

/** Does an operation by calling it so often, by so many callers at once. `at` rises, and never comes twice. */
export function calling(call: (at: number) => Promise<unknown>) {
  let at = 0;
  return async ({ calls, clients, meter }: Turn): Promise<void> => {
    const end = at + calls;
    const client = async () => {
      while (at < end) {
        const begun = process.hrtime.bigint();
        await call(at++);
        meter.record(process.hrtime.bigint() - begun);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
  };
}

/** The variable, which is set: a store is measured only where all that it needs are. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set`);
}
