/** A named place in an app: how much each source counts there, and whether repeats are welcome. */
export type Placement = {
  name: string;
  weights: Readonly<Record<string, number>>;
  /** False leaves out every campaign the person ever engaged with. */
  repeats: boolean;
};

const discover: Placement = {
  name: 'discover',
  weights: { fitting_context: 1, popular: 1, graph_neighbours: 0.5, nearest_campaigns: 0.3 },
  repeats: false,
};

const proceed: Placement = {
  name: 'continue',
  weights: {
    fitting_context: 1,
    repeat_engagement: 1,
    popular: 0.2,
    graph_neighbours: 0.1,
    nearest_campaigns: 0.05,
  },
  repeats: true,
};

/** The placements there are, by name. */
export const placements: ReadonlyMap<string, Placement> = new Map(
  [discover, proceed].map((placement) => [placement.name, placement]),
);
