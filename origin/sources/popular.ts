import type { Found, Query, Source } from '../pipeline/stages.ts';
import { type PopularityThere, strengthOf } from '../tenant/popularity.ts';

/** What was found by a popularity, for as long as both that and the catalogue are those of now. */
const held = new WeakMap<PopularityThere, { catalogue: Query['catalogue']; found: Found }>();

/** What many engage with now, in the locale that is asked for: the whole catalogue, the answer for a new person. */
export const popular: Source = {
  name: 'popular',
  dependency: 'counters',
  local: true,
  async find({ catalogue, popularity, request }) {
    const there = popularity(request.locale);
    const known = held.get(there);
    if (known?.catalogue === catalogue) return known.found;
    const found = new Map([...catalogue.keys()].map((id) => [id, strengthOf(there(id))]));
    held.set(there, { catalogue, found });
    return found;
  },
};
