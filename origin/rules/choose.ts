import type { Ranked, Selector } from '../pipeline/stages.ts';
import { diverse } from './diverse.ts';
import { explored } from './explore.ts';
import { underCaps } from './under-caps.ts';

/**
 * Chooses of what was ranked, by the placement's rules: what the person was shown as often as a cap allows is left out; pinned campaigns stand where they are pinned; of the others the best,
 * or the best that are unlike each other; and in some answers one that was hardly shown yet has a place.
 */
export function choose(random: () => number): Selector {
  return (all, query) => {
    const { limit } = query.request;
    const ranked = underCaps(all, query);
    const pins = pinned(ranked, query);
    const others = ranked.filter(({ campaign_id }) => !pins.has(campaign_id));
    const best = query.placement.diversity > 0 ? diverse(others, query, limit) : others.slice(0, limit);
    const chosen = explored(best, others, query, random);
    for (const { position, one } of [...pins.values()].sort((a, b) => a.position - b.position))
      chosen.splice(position - 1, 0, one);
    return chosen.slice(0, limit);
  };
}

/** The candidates that are pinned, with the position of each; of several for one position the first. */
function pinned(ranked: readonly Ranked[], { placement: { pins } }: Parameters<Selector>[1]) {
  const found = new Map<string, { position: number; one: Ranked }>();
  if (pins.length === 0) return found;
  const byId = new Map(ranked.map((one) => [one.campaign_id, one]));
  const taken = new Set<number>();
  for (const { campaign_id, position } of pins) {
    const one = byId.get(campaign_id);
    if (!one?.promoted || taken.has(position) || found.has(campaign_id)) continue;
    taken.add(position);
    found.set(campaign_id, { position, one: { ...one, rule: 'promoted' } });
  }
  return found;
}
