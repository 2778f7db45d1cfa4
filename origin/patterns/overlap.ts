/** Pairs seldom met count less: so many people more are taken to have met either without the other. */
const SHRINKAGE = 10;

/**
 * How alike two campaigns are by who engages with them, where there are too many for EASE: the cosine of their people,
 * shrunk where few are shared.
 */
export function overlap(shared: number, one: number, other: number): number {
  return shared / Math.sqrt((one + SHRINKAGE) * (other + SHRINKAGE));
}
