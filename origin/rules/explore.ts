import type { Query, Ranked } from '../pipeline/stages.ts';

/** A campaign that was met more often than this is known well enough. */
const KNOWN = 100;

/**
 * What was chosen, and, in the placement's share of answers, one campaign that was hardly met yet at a position of the lower
 * half, both drawn evenly; so that new ones are seen at all, and what becomes of that can be learnt from.
 */
export function explored(
  chosen: readonly Ranked[],
  ranked: readonly Ranked[],
  { placement: { exploration }, met }: Query,
  random: () => number,
): Ranked[] {
  if (exploration === 0 || chosen.length === 0 || random() >= exploration) return [...chosen];
  const shown = new Set(chosen.map(({ campaign_id }) => campaign_id));
  const fresh = ranked.filter(
    ({ campaign_id }) => !shown.has(campaign_id) && (met.get(campaign_id) ?? 0) < KNOWN,
  );
  const one = fresh[Math.floor(random() * fresh.length)];
  if (!one) return [...chosen];
  const upper = Math.floor(chosen.length / 2);
  const at = upper + Math.floor(random() * (chosen.length - upper));
  return [...chosen.slice(0, at), { ...one, rule: 'exploration' }, ...chosen.slice(at + 1)];
}
