import type { Query, Ranked } from '../pipeline/stages.ts';

/** So many are looked at for each one that is chosen. */
const POOL = 5;

/** How much two sets of tags have in common, from 0 to 1 (Jaccard). */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let both = 0;
  for (const tag of a) if (b.has(tag)) both++;
  return both / (a.size + b.size - both);
}

/**
 * The best that are unlike each other (maximal marginal relevance, Carbonell and Goldstein 1998): one after another the
 * campaign whose score, in units of the best one's, outweighs most how like its tags are to those of one before it.
 */
export function diverse(ranked: readonly Ranked[], { placement, catalogue }: Query, limit: number): Ranked[] {
  const { diversity } = placement;
  const top = ranked[0]?.score || 1;
  const pool = ranked.slice(0, POOL * limit).map((one) => ({
    one,
    tags: new Set(catalogue.get(one.campaign_id)?.tags),
    worth: ((1 - diversity) * one.score) / top,
    like: 0,
  }));
  const chosen: Ranked[] = [];
  while (chosen.length < limit) {
    let best: (typeof pool)[number] | undefined;
    let at = -1;
    for (const [i, one] of pool.entries()) {
      if (!best || one.worth - diversity * one.like > best.worth - diversity * best.like)
        [best, at] = [one, i];
    }
    if (!best) break;
    chosen.push(best.one);
    pool.splice(at, 1);
    for (const one of pool) one.like = Math.max(one.like, likeness(one.tags, best.tags));
  }
  return chosen;
}
