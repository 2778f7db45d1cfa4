import { DAY_MS } from '../tenant/popularity.ts';

/** After so many engagements of theirs one counts half. */
const HALF_LIFE_ENGAGEMENTS = 6;
/**
 * And after so many days: the sum of three, since who comes back within the hour goes on with what they were at, who
 * comes back the next day perhaps, and who comes back after a year with what they care about.
 */
const HALF_LIVES_DAYS = [0.05, 1, 365];
/** Differences below this say little. */
const FEW = 0.03;

/** How strongly a person was engaged in each of what they engaged with, newest first. */
export function engagedLately<Key>(
  engagements: readonly (readonly [Key, number])[],
  as_of_ms: number,
): Map<Key, number> {
  const weights = new Map<Key, number>();
  engagements.forEach(([key, occurred_ms], i) => {
    const fade = 0.5 ** (i / HALF_LIFE_ENGAGEMENTS);
    const age_days = Math.max(0, (as_of_ms - occurred_ms) / DAY_MS);
    let weight = 0;
    for (const half_life of HALF_LIVES_DAYS) weight += fade * 0.5 ** (age_days / half_life);
    weights.set(key, (weights.get(key) ?? 0) + weight);
  });
  for (const [key, weight] of weights) weights.set(key, Math.log1p(weight / FEW));
  return weights;
}
