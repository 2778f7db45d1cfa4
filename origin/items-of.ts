import type { Item } from '#contract/recommendation.ts';
import type { Candidates, Ranked, Ranking } from './pipeline/stages.ts';
import { significant } from './significant.ts';

const DIGITS = 4;

/** The sources' shares of a score, the greatest first; or the rule that stands for it. */
function reasonsOf(
  { at, score, rule }: Ranked,
  candidates: Candidates,
  { ranker, weights }: Ranking,
): Item['reasons'] {
  if (rule) return [{ source: rule, weight: 1 }];
  if (score === 0) return [];
  const contributions = ranker.contributions(candidates, at, weights);
  const whole = contributions.reduce((sum, { weight }) => sum + weight, 0);
  return contributions
    .sort((a, b) => b.weight - a.weight)
    .map(({ source, weight }) => ({ source, weight: significant(weight / whole, DIGITS) }));
}

/** What was selected of the candidates, as it is answered. */
export function itemsOf(selected: readonly Ranked[], candidates: Candidates, ranking: Ranking): Item[] {
  return selected.map((one, i) => ({
    campaign_id: one.campaign_id,
    rank: i + 1,
    score: significant(one.score, DIGITS),
    reasons: reasonsOf(one, candidates, ranking),
  }));
}
