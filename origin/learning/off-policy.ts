import type { ServedAnswer, ServedCandidate } from './served.ts';

/** Scores a candidate; who ranks by it puts the highest first. */
export type Score = (candidate: ServedCandidate) => number;

/** The clicks that a ranking would have had in an answer, and the looks it would have had for them. */
export type Worth = { clicks: number; looks: number };

/**
 * What a ranking would have been worth in an answer that another gave: each click counts by how likely its campaign would
 * have been looked at here, over how likely it was there (inverse propensities of the position-based model). Campaigns that were not
 * seen say nothing.
 */
export function worthOf({ candidates, seen }: ServedAnswer, score: Score, looked: Float64Array): Worth {
  const scored = candidates.map((candidate) => ({ id: candidate.campaign_id, score: score(candidate) }));
  scored.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const ranks = new Map(scored.map(({ id }, i) => [id, i + 1]));
  const at = (position: number) => looked[position] ?? 0;
  let [clicks, looks] = [0, 0];
  for (const { campaign_id, position, clicked } of seen) {
    const here = at(ranks.get(campaign_id) ?? 0);
    if (clicked) clicks += here / at(position);
    looks += here;
  }
  return { clicks, looks };
}

/** Clicks per look over answers: self-normalised (SNIPS), so that what was rarely seen is not taken for more than it is. */
export function clicksPerLook(worths: readonly Worth[]): number {
  let [clicks, looks] = [0, 0];
  for (const worth of worths) {
    clicks += worth.clicks;
    looks += worth.looks;
  }
  return looks === 0 ? 0 : clicks / looks;
}
