/** A named place in an app: how much each source counts there, and whether repeats are welcome. */
export type Placement = {
  name: string;
  weights: Readonly<Record<string, number>>;
  /** False leaves out every campaign the person ever engaged with. */
  repeats: boolean;
};

const discover: Placement = {
  name: 'discover',
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
  name: 'continue',
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

/** The placements there are, by name. */
export const placements: ReadonlyMap<string, Placement> = new Map(
  [discover, proceed].map((placement) => [placement.name, placement]),
);
