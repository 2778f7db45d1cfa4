import { ease } from './ease.ts';
import { type Neighbours, strongest } from './neighbours.ts';
import { distinct, type Observed } from './observed.ts';
import { overlap } from './overlap.ts';
import { MOST_DENSE, pairWeights } from './pair-weights.ts';

/** Of a person with more campaigns only the latest count, since pairs grow by the square. */
const MOST_OF_ONE = 256;
/**
 * The ridge of EASE: as a share of how many people a campaign has on average, and at least. Where there are more campaigns than
 * people, who then do not tell all weights apart, by how many times more.
 */
const [RIDGE, LEAST_RIDGE, RIDGE_BEYOND] = [0.6, 50, 50];

/**
 * Which campaigns go with which, by who engaged with them: EASE up to so many campaigns as its inverse takes seconds
 * for, beyond that the cosine of their people.
 */
export function coEngagement(observed: Observed): Neighbours {
  const size = observed.campaigns.length;
  const counts = new Float64Array(size);
  const exact = size <= MOST_DENSE;
  const gram = new Float64Array(exact ? size * size : 0);
  const shared = exact ? null : pairWeights(size);
  for (let person = 0; person < observed.dated.length; person++) {
    const own = distinct(observed, person).slice(0, MOST_OF_ONE);
    for (const a of own) {
      counts[a] = (counts[a] as number) + 1;
      for (const b of own) {
        if (shared) {
          if (a !== b) shared.add(a, b, 1);
        } else gram[a * size + b] = (gram[a * size + b] as number) + 1;
      }
    }
  }
  if (shared) {
    return strongest(size, (slot, into) => {
      shared.row(slot, into);
      for (let i = 0; i < size; i++) {
        if (into[i]) into[i] = overlap(into[i] as number, counts[slot] as number, counts[i] as number);
      }
    });
  }
  const mean = counts.reduce((sum, x) => sum + x, 0) / Math.max(1, size);
  const to_a_person = size / Math.max(1, observed.dated.length);
  const ridge = Math.max(LEAST_RIDGE, RIDGE * mean, to_a_person > 1 ? RIDGE_BEYOND * to_a_person : 0);
  const weights = ease(gram, size, ridge);
  return strongest(size, (slot, into) => into.set(weights.subarray(slot * size, (slot + 1) * size)));
}
