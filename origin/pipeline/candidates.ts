import type { Campaign } from '#contract/campaign.ts';
import type { Candidates, Filter, Found, Query } from './stages.ts';

/** What a source found. */
export type Raised = { name: string; found: Found };

/** What a source says, of the candidates at these places. */
type Said = { places: readonly number[]; strengths: readonly number[] };

/** The place of what may not be shown. */
const NOWHERE = -1;

/**
 * What a source says of each candidate, in units of how much that differs from candidate to candidate (a z-score, but
 * from nothing instead of from the mean), so that sources of any unit can be added up. A source that says the same of
 * all tells none from another, and gives each one unit.
 */
function normalised({ places, strengths }: Said, count: number): Float64Array {
  let [sum, squares] = [0, 0];
  for (const strength of strengths) {
    if (!(strength > 0)) continue;
    sum += strength;
    squares += strength * strength;
  }
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const same = deviation <= 1e-9 * (sum / count) || sum === 0;
  const column = new Float64Array(count);
  for (let i = 0; i < places.length; i++) {
    const strength = strengths[i] as number;
    if (same) column[places[i] as number] = 1;
    else if (strength > 0) column[places[i] as number] = strength / deviation;
  }
  return column;
}

/** The campaigns that any source found, that the catalogue knows and that may be shown, with what each source says of them. */
export function candidatesOf(found: readonly Raised[], query: Query, filters: readonly Filter[]): Candidates {
  const campaigns: Campaign[] = [];
  const known = new Map<string, number>();
  const placeOf = (campaign_id: string): number => {
    let place = known.get(campaign_id);
    if (place === undefined) {
      const campaign = query.catalogue.get(campaign_id);
      const shown = campaign !== undefined && filters.every((filter) => filter(campaign, query));
      place = shown ? campaigns.push(campaign) - 1 : NOWHERE;
      known.set(campaign_id, place);
    }
    return place;
  };
  const said = found.map(({ name, found: raised }) => {
    const [places, strengths]: [number[], number[]] = [[], []];
    for (const [campaign_id, strength] of raised) {
      const place = placeOf(campaign_id);
      if (place === NOWHERE) continue;
      places.push(place);
      strengths.push(strength);
    }
    return { name, places, strengths };
  });
  const some = said.filter(({ places }) => places.length > 0);
  return { campaigns, features: new Map(some.map((one) => [one.name, normalised(one, campaigns.length)])) };
}
