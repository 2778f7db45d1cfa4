import type { Outcome } from '#contract/outcome.ts';
import type { Served } from '#contract/served.ts';
import type { ServedAnswer } from '../../../origin/learning/served.ts';

/** So many answers are learnt from at the most: the newest. */
const MOST_ANSWERS = 50_000;

/**
 * Joins answers with what became of them, oldest first. Seen is what has an impression or a click, at the position that this
 * tells, else at the one that it was answered at; each campaign of an answer once. Answers of which nothing came are left out: nobody
 * can tell whether they were looked at.
 */
export function joinOutcomes(served: readonly Served[], outcomes: readonly Outcome[]): ServedAnswer[] {
  const told = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const list = told.get(outcome.recommendation_id);
    if (list) list.push(outcome);
    else told.set(outcome.recommendation_id, [outcome]);
  }
  const byId = new Map(served.map((answer) => [answer.recommendation_id, answer]));
  const answers = [...byId.values()].flatMap((answer) => {
    // Who was not asked for cannot tell what they saw of it.
    const own = (told.get(answer.recommendation_id) ?? []).filter(
      ({ user_id }) => user_id === answer.user_id,
    );
    const seen = seenOf(answer, own);
    return seen.length > 0 ? [{ answer, seen }] : [];
  });
  answers.sort((a, b) => (a.answer.generated_at < b.answer.generated_at ? -1 : 1));
  return answers.slice(-MOST_ANSWERS).map(({ answer: { candidates, sources }, seen }) => ({
    candidates: candidates.map(({ id, score, said }) => ({
      campaign_id: id,
      score,
      features: Object.fromEntries(sources.map((source, i) => [source, said[i] ?? 0])),
    })),
    seen,
  }));
}

function seenOf({ answered }: Served, outcomes: readonly Outcome[]): ServedAnswer['seen'] {
  const seen = new Map<string, { campaign_id: string; position: number; clicked: boolean }>();
  for (const { campaign_id, position, type } of outcomes) {
    const at = answered.indexOf(campaign_id) + 1;
    if (at === 0) continue;
    const known = seen.get(campaign_id);
    const clicked = (known?.clicked ?? false) || type !== 'impression';
    seen.set(campaign_id, { campaign_id, position: known?.position ?? position ?? at, clicked });
  }
  return [...seen.values()];
}
