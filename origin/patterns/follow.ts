import { addNeighbours, type Neighbours } from './neighbours.ts';

/** How far a person's past counts: after so many campaigns one counts half, and those beyond `most` not at all. */
export type Reach = { half_life: number; most: number };

/** For what goes together: what somebody cares about changes slowly. */
export const TOGETHER: Reach = { half_life: 3, most: 24 };
/** For what comes next: that depends on the last steps. */
export const NEXT: Reach = { half_life: 1, most: 8 };

/** For who cares about the same for ever: all they know counts alike. */
export const EVER: Reach = { half_life: Infinity, most: 256 };

/** The neighbours of a person's campaigns (each once, the latest first) by slot, added up. */
export function follow(
  neighbours: Neighbours,
  latest: readonly number[],
  { half_life, most }: Reach,
): Float64Array {
  const values = new Float64Array(neighbours.starts.length - 1);
  latest.slice(0, most).forEach((slot, i) => {
    addNeighbours(neighbours, slot, 0.5 ** (i / half_life), values);
  });
  return values;
}
