import { chances, type Examples, improve, type Logistic } from './logistic.ts';

/** What was seen: rows of features, the position of each (from 1), and whether it was clicked. */
export type Seen = {
  width: number;
  features: Float64Array;
  positions: Uint16Array;
  clicked: Uint8Array;
};

/** How likely each position is looked at, beside the first; and how likely what is looked at is clicked. */
export type ClickModel = { looked: Float64Array; relevance: Logistic };

const ROUNDS = 30;
const SWEEPS = 2;
/** Positions are never taken for less than this, so that no single click there counts for a thousand. */
const LEAST_LOOKED = 0.02;
/** What a position has before anything is known of it: so many looks, of which half were. */
const PRIOR = 2;

const clamp = (x: number) => Math.min(1 - 1e-9, Math.max(1e-9, x));

/**
 * Learns from clicks which features make a campaign relevant, apart from where it stood: a click is a look times relevance,
 * and what was not clicked was either not looked at or not relevant. Regression EM (Wang, Golbandi, Bendersky, Metzler
 * and Najork, WSDM 2018). It needs campaigns that stood at several positions, or features that did.
 */
export function learnClicks({ width, features, positions, clicked }: Seen): ClickModel {
  const count = clicked.length;
  const most = positions.reduce((max, position) => Math.max(max, position), 1);
  let looked = Float64Array.from({ length: most + 1 }, (_, position) => 1 / Math.max(1, position));
  const targets = new Float64Array(count);
  const examples: Examples = { width, features, targets };
  let relevance: Logistic = { base: -1, weights: new Float64Array(width) };
  for (let round = 0; round < ROUNDS; round++) {
    const relevant = chances(examples, relevance);
    const [looks, shown] = [new Float64Array(most + 1), new Float64Array(most + 1)];
    for (let row = 0; row < count; row++) {
      const at = positions[row] as number;
      const [look, fit] = [clamp(looked[at] as number), clamp(relevant[row] as number)];
      const neither = 1 - look * fit;
      const wasLooked = clicked[row] ? 1 : (look * (1 - fit)) / neither;
      targets[row] = clicked[row] ? 1 : ((1 - look) * fit) / neither;
      looks[at] = (looks[at] as number) + wasLooked;
      shown[at] = (shown[at] as number) + 1;
    }
    looked = looks.map((sum, at) => (sum + PRIOR / 2) / ((shown[at] as number) + PRIOR));
    const first = looked[1] as number;
    looked = looked.map((value) => Math.min(1, Math.max(LEAST_LOOKED, value / first)));
    relevance = improve(examples, relevance, SWEEPS);
  }
  return { looked, relevance };
}
