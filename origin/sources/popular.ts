import type { Found, Query, Source } from '../pipeline/stages.ts';
import { type Popularity, strengthOf } from '../tenant/popularity.ts';

/** What was found by a popularity, for as long as that and the catalogue are those of now: by locale. */
type Held = { catalogue: Query['catalogue']; found: Map<string | null, Found> };
const held = new WeakMap<Popularity, Held>();

/** What many engage with now, in the locale that is asked for: the whole catalogue, the answer for a new person. */
export const popular: Source = {
  name: 'popular',
  dependency: 'counters',
  local: true,
  async find({ catalogue, popularity, request: { locale } }) {
    let known = held.get(popularity);
    if (known?.catalogue !== catalogue) {
      known = { catalogue, found: new Map() };
      held.set(popularity, known);
    }
    let found = known.found.get(locale);
    if (!found) {
      const all = [...catalogue.keys()];
      found = new Map(all.map((campaign_id) => [campaign_id, strengthOf(popularity(campaign_id, locale))]));
      known.found.set(locale, found);
    }
    return found;
  },
};
