import { sigmoid } from '../../../origin/learning/logistic.ts';
import type { Score } from '../../../origin/learning/off-policy.ts';
import type { ServedAnswer, ServedCandidate } from '../../../origin/learning/served.ts';

/** How likely each position (from 1) is looked at. */
export const LOOKED = [0, 1, 0.6, 0.4, 0.25, 0.15];
const SHOWN = LOOKED.length - 1;
const CAMPAIGNS = 40;
/** What makes a campaign relevant: its fit to the person counts, how popular it is hardly, and noise not at all. */
const TRUTH = { fit: 2, popular: 0.2, noise: 0 };
const BASE = -2.5;

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const relevanceOf: Score = ({ features }) =>
  sigmoid(
    BASE + Object.entries(TRUTH).reduce((sum, [source, weight]) => sum + weight * (features[source] ?? 0), 0),
  );

/**
 * People who are answered and click, with a relevance that is known: a position is looked at by `LOOKED`, what is looked at is
 * clicked by its relevance, and what was clicked more is more popular in what comes after: a feedback loop.
 */
export function openLoop(seed: number) {
  const random = randomOf(seed);
  const clicks = new Float64Array(CAMPAIGNS);
  const shown = new Float64Array(CAMPAIGNS);
  let answered = 0;

  function candidatesOf(): ServedCandidate[] {
    const highest = Math.max(1, ...clicks);
    return Array.from({ length: CAMPAIGNS }, (_, i) => ({
      campaign_id: `c-${String(i).padStart(2, '0')}`,
      features: {
        fit: random() ** 3 * 3,
        popular: ((clicks[i] as number) / highest) * 3,
        noise: random() * 3,
      },
      score: 0,
    }));
  }

  return {
    /** Clicks over impressions of a campaign so far, wherever it stood. */
    rate(campaign_id: string): number {
      const i = Number(campaign_id.slice(2));
      return ((clicks[i] as number) + 0.1) / ((shown[i] as number) + 1);
    },
    /** Answers so many people by a score, with one of the places drawn evenly in a share of answers. */
    answer(count: number, score: Score, exploration: number): { answers: ServedAnswer[]; reward: number } {
      let reward = 0;
      const answers = Array.from({ length: count }, () => {
        answered++;
        const ranked = candidatesOf()
          .map((one) => ({ ...one, score: score(one) }))
          .sort((a, b) => b.score - a.score || (a.campaign_id < b.campaign_id ? -1 : 1));
        const chosen = ranked.slice(0, SHOWN);
        if (random() < exploration)
          chosen[Math.floor(random() * SHOWN)] = ranked[
            SHOWN + Math.floor(random() * (CAMPAIGNS - SHOWN))
          ] as ServedCandidate;
        const seen = chosen.map((one, i) => {
          const chance = (LOOKED[i + 1] as number) * relevanceOf(one);
          reward += chance;
          const clicked = random() < chance;
          const at = Number(one.campaign_id.slice(2));
          shown[at] = (shown[at] as number) + 1;
          if (clicked) clicks[at] = (clicks[at] as number) + 1;
          return { campaign_id: one.campaign_id, position: i + 1, clicked };
        });
        return { candidates: ranked, seen };
      });
      return { answers, reward: reward / count };
    },
    answered: () => answered,
  };
}
