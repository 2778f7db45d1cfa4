import type { PlacementContent } from '#contract/placement.ts';

/** A named place in an app: how much each source counts there, and by which rules is chosen of what was ranked. */
export type Placement = PlacementContent & {
  name: string;
  /** Its version: 0 where Edgewise brings it along. */
  version: number;
  /** Whether Edgewise brings it along, a tenant made it, or there is none of that name. */
  from: 'edgewise' | 'tenant' | 'nowhere';
};

const plain = {
  version: 0,
  model: null,
  boosts: [],
  pins: [],
  frequency_caps: [],
  diversity: 0,
  exploration: 0,
};

export const discover: Placement = {
  ...plain,
  name: 'discover',
  from: 'edgewise',
  weights: {
    fitting_context: 3,
    like_minded: 1,
    talked_about: 1,
    trending: 1,
    co_engagement: 0.5,
    next_campaigns: 0.25,
    popular: 1,
    nearest_campaigns: 0.2,
    graph_neighbours: 0.1,
  },
  repeats: false,
};

const proceed: Placement = {
  ...plain,
  name: 'continue',
  from: 'edgewise',
  weights: {
    fitting_context: 3,
    repeat_engagement: 1,
    like_minded: 0.5,
    talked_about: 0.5,
    trending: 0.5,
    co_engagement: 0.2,
    popular: 0.2,
    nearest_campaigns: 0.1,
    graph_neighbours: 0,
  },
  repeats: true,
};

/**
 * What a placement of what is new weighs where nobody says anything of any campaign, so that all there is to go by is what
 * people do: what goes together tells more then than what is popular.
 */
export const weightsWithoutTalk: PlacementContent['weights'] = {
  ...discover.weights,
  ...{ lasting_taste: 1, popular: 0.3, trending: 0.3 },
};

const lasting = { lasting_taste: 3, popular: 0.1 };
const current = { trending: 3, popular: 0.1 };
const ownAndLasting = { repeat_engagement: 1, lasting_taste: 0.3, popular: 0.1 };

/**
 * Weights of what people do alone, which a tenant's own past may show better than the shipped ones, where what is new is asked
 * for, and where repeats are welcome: where people care about the same for ever, or all turn to what is on just now.
 */
export const otherWeights: Readonly<Record<'new' | 'repeats', readonly PlacementContent['weights'][]>> = {
  new: [lasting, current],
  repeats: [ownAndLasting],
};

/** The placements that every tenant has, unless it has one of its own by that name; by name. */
export const placements: ReadonlyMap<string, Placement> = new Map(
  [discover, proceed].map((placement) => [placement.name, placement]),
);

/** A placement that no source counts for. */
export const nowhere = (name: string): Placement => ({
  ...plain,
  name,
  from: 'nowhere',
  weights: {},
  repeats: true,
});

/** The list of one source, for nobody in particular. */
export const listOf = (source: string): Placement => ({
  ...nowhere(source),
  from: 'edgewise',
  weights: { [source]: 1 },
});
