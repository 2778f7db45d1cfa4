import { type Neighbours, strongest } from './neighbours.ts';
import type { Observed } from './observed.ts';
import { pairWeights } from './pair-weights.ts';

/** An engagement follows the last campaign before it most, those before that less, by this share each. */
const FADES = 0.7;
const REMEMBERED = 8;
/** What follows a campaign seldom seen says little: so much is added to what was seen after it. */
const SMOOTHING = 20;

/** How likely each campaign comes after each, in people's own sequences: a Markov chain with a fading memory. */
export function transitions({ campaigns, starts, dated, items }: Observed): Neighbours {
  const size = campaigns.length;
  const weights = pairWeights(size);
  const totals = new Float64Array(size);
  for (let person = 0; person < dated.length; person++) {
    const from = starts[person] as number;
    const recent: number[] = [];
    for (let at = from + (dated[person] as number) - 1; at >= from; at--) {
      const campaign = items[at] as number;
      let weight = 1;
      for (const before of recent) {
        if (before === campaign) continue;
        weights.add(before, campaign, weight);
        totals[before] = (totals[before] as number) + weight;
        weight *= FADES;
      }
      const known = recent.indexOf(campaign);
      if (known >= 0) recent.splice(known, 1);
      recent.unshift(campaign);
      if (recent.length > REMEMBERED) recent.pop();
    }
  }
  return strongest(size, (slot, into) => {
    weights.row(slot, into);
    for (let i = 0; i < size; i++) into[i] = (into[i] as number) / ((totals[slot] as number) + SMOOTHING);
  });
}
