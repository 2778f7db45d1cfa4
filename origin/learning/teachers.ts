import { boostTrees, type Clicks } from './boost-trees.ts';
import type { Teacher } from './learn-ranker.ts';
import { learnClicks, type Seen } from './position-bias.ts';
import { seenOf } from './seen-of.ts';

/** The heaviest weight; they count only beside each other. */
const HEAVIEST = 3;
/** Every so many of the answers that trees learn from, one tells when to end. */
const BACK_EVERY = 5;

/** Weights of 0 or more, by the position-based model. */
export const teachWeights: Teacher = (learning, sources) => {
  const { relevance, looked } = learnClicks(seenOf(learning, sources));
  const heaviest = Math.max(...relevance.weights);
  const scale = heaviest > 0 ? HEAVIEST / heaviest : 0;
  const weights = sources.map((source, j) => [
    source,
    Number(((relevance.weights[j] as number) * scale).toPrecision(3)),
  ]);
  return { content: { kind: 'weights', weights: Object.fromEntries(weights) }, looked };
};

const clicksOf = ({ positions, ...seen }: Seen, looked: Float64Array): Clicks => ({
  ...seen,
  looked: Float64Array.from(positions, (position) => looked[position] as number),
});

/** Trees upon the position-based model's weights. */
export const teachTrees: Teacher = (learning, sources) => {
  const { relevance, looked } = learnClicks(seenOf(learning, sources));
  const part = (back: boolean) =>
    clicksOf(
      seenOf(
        learning.filter((_, i) => (i % BACK_EVERY === 0) === back),
        sources,
      ),
      looked,
    );
  const { losses: _, ...model } = boostTrees(part(false), part(true), relevance);
  return { content: { kind: 'trees', sources: [...sources], ...model }, looked };
};
