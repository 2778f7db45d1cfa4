import { learnRanker } from '../../../origin/learning/learn-ranker.ts';
import { scoreBy } from '../../../origin/learning/score-by.ts';
import type { ServedAnswer } from '../../../origin/learning/served.ts';
import { teachWeights } from '../../../origin/learning/teachers.ts';
import { type Asked, scoresOf } from '../../../origin/rank/asked.ts';
import type { Proposal, Weights } from '../../../origin/rank/choose-weights.ts';
import { seededRandom } from '../simulated/random.ts';

/** How many candidates an answer keeps, and how many are seen. */
const [KEPT, SEEN] = [20, 10];
const SEED = 1;

/**
 * Weights as `npm run learn` would propose them, of clicks that are simulated: what the weights in use rank highest is
 * seen, the position p looked at once in p times, and what is looked at and came true is clicked.
 */
export const fromClicks: Proposal = (learning, shipped) => {
  const random = seededRandom(SEED);
  const answers = learning.map((question) =>
    answered(question, shipped, (position) => random.chance(1 / position)),
  );
  const used = scoreBy({ kind: 'weights', weights: shipped });
  const { proposed } = learnRanker(answers, used, teachWeights);
  return proposed?.kind === 'weights' ? proposed.weights : shipped;
};

function answered(asked: Asked, weights: Weights, looks: (position: number) => boolean): ServedAnswer {
  const scores = scoresOf(asked, weights);
  const score = (i: number) => scores[i] as number;
  const best = [...asked.candidates.keys()].sort((a, b) => score(b) - score(a) || a - b).slice(0, KEPT);
  const candidates = best.map((i) => ({
    campaign_id: asked.candidates[i] as string,
    score: score(i),
    features: Object.fromEntries(
      Object.entries(asked.features).map(([source, feature]) => [source, feature[i] as number]),
    ),
  }));
  const seen = candidates.slice(0, SEEN).map(({ campaign_id }, at) => ({
    campaign_id,
    position: at + 1,
    clicked: asked.truth.has(campaign_id) && looks(at + 1),
  }));
  return { candidates, seen };
}
