import { describe, expect, test } from 'vitest';
import type { ModelContent } from '#contract/model.ts';
import { LEAST_CLICKED, learnRanker } from '../../../origin/learning/learn-ranker.ts';
import { clicksPerLook, type Score, worthOf } from '../../../origin/learning/off-policy.ts';
import { scoreBy } from '../../../origin/learning/score-by.ts';
import { teachTrees, teachWeights } from '../../../origin/learning/teachers.ts';
import { LOOKED, openLoop, relevanceOf } from './feedback-loop.ts';

const shipped = { fit: 0.3, popular: 1, noise: 0.5 };
const by = (weights: Record<string, number>): Score => scoreBy({ kind: 'weights', weights });

describe('what is learnt from clicks', () => {
  test('finds what makes campaigns relevant, and how far positions are looked at', () => {
    const { answers } = openLoop(1).answer(4000, by(shipped), 0.3);
    const { proposed, better, looked, gain } = learnRanker(answers, by(shipped), teachWeights);
    expect(better).toBe(true);
    expect(gain[0]).toBeGreaterThan(0);
    const { weights } = proposed as ModelContent & { kind: 'weights' };
    expect(weights['fit']).toBe(3);
    expect(weights['popular']).toBeLessThan(1);
    expect(weights['noise']).toBeLessThan(0.5);
    for (const [i, share] of looked.entries())
      expect(Math.abs(share - (LOOKED[i + 1] as number))).toBeLessThan(0.15);
  });

  test.each([
    ['weights', teachWeights],
    ['trees', teachTrees],
  ])(
    'in the feedback loop %s earn more than ranking by click rate, which takes where one stood for what it is',
    (_, teach) => {
      const [learning, naive] = [openLoop(2), openLoop(2)];
      let ranker = by(shipped);
      let [ours, theirs] = [0, 0];
      for (let round = 0; round < 6; round++) {
        const { answers, reward } = learning.answer(1000, ranker, 0.1);
        const { better, proposed } = learnRanker(answers, ranker, teach);
        if (better && proposed) ranker = scoreBy(proposed);
        const rates: Score = ({ campaign_id }) => naive.rate(campaign_id);
        const other = naive.answer(1000, round === 0 ? by(shipped) : rates, 0.1);
        if (round > 0) [ours, theirs] = [ours + reward, theirs + other.reward];
      }
      expect(ours).toBeGreaterThan(1.5 * theirs);
    },
  );

  test('its estimate of another ranking is near what that earns, where clicks by themselves are not', () => {
    const loop = openLoop(3);
    const { answers } = loop.answer(6000, by(shipped), 0.5);
    const looked = Float64Array.from(LOOKED);
    const estimate = clicksPerLook(answers.map((answer) => worthOf(answer, by({ fit: 1 }), looked)));
    const [sum, weight] = answers
      .flatMap(({ candidates, seen }) => {
        const places = [...candidates].sort((a, b) => by({ fit: 1 })(b) - by({ fit: 1 })(a));
        const rank = new Map(places.map(({ campaign_id }, i) => [campaign_id, LOOKED[i + 1] ?? 0]));
        const byId = new Map(candidates.map((one) => [one.campaign_id, one]));
        return seen.map(({ campaign_id }) => {
          const look = rank.get(campaign_id) as number;
          return [look * relevanceOf(byId.get(campaign_id) as never), look] as const;
        });
      })
      .reduce(([a, b], [c, d]) => [a + c, b + d] as const, [0, 0] as const);
    const truth = sum / weight;
    const clicksAlone = clicksPerLook(
      answers.map(({ seen }) => ({
        clicks: seen.filter(({ clicked }) => clicked).length,
        looks: seen.length,
      })),
    );
    expect(Math.abs(estimate - truth) / truth).toBeLessThan(0.15);
    expect(Math.abs(clicksAlone - truth) / truth).toBeGreaterThan(0.3);
  });

  test.each([
    ['weights', teachWeights],
    ['trees', teachTrees],
  ])(
    'what is right already is kept beside %s, and so is anything where too little was clicked',
    (_, teach) => {
      const truth = { fit: 2, popular: 0.2, noise: 0 };
      const { answers } = openLoop(4).answer(3000, by(truth), 0.3);
      expect(learnRanker(answers, by(truth), teach).better).toBe(false);
      const few = openLoop(5).answer(LEAST_CLICKED / 4, by(shipped), 0.3).answers;
      for (const little of [few, []])
        expect(learnRanker(little, by(shipped), teach)).toMatchObject({ better: false, proposed: null });
    },
  );
});
