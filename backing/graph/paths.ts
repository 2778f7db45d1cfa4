import type { Strengths } from './port.ts';

/** Adds to what stands under a key, from 0 on. */
export function raise(strengths: Map<string, number>, key: string, by: number): void {
  strengths.set(key, (strengths.get(key) ?? 0) + by);
}

/** Strongest first, ties by id; what has none is left out. */
export function strongestFirst(strengths: ReadonlyMap<string, number>): Strengths {
  return [...strengths]
    .map(([campaign_id, strength]) => ({ campaign_id, strength }))
    .filter(({ strength }) => strength > 0)
    .sort((a, b) => b.strength - a.strength || (a.campaign_id < b.campaign_id ? -1 : 1));
}
