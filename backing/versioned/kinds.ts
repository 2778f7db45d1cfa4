import type { ModelContent } from '#contract/model.ts';
import type { PlacementContent } from '#contract/placement.ts';

/** Something that tenants have in versions, and the table that it stands in, whose names stand in a column of the singular. */
export type Kind<Content> = {
  one: string;
  table: string;
  most: number;
  kept: number;
  /** What stands there as JSON. */
  read(json: unknown): Content;
};

export const placementKind: Kind<PlacementContent> = {
  ...{ one: 'placement', table: 'placements', most: 100, kept: 20 },
  // Versions from before there were such rules, or models, have none.
  read: (json) => ({
    frequency_caps: [],
    model: null,
    ...(json as Omit<PlacementContent, 'frequency_caps' | 'model'>),
  }),
};

/** Fewer than of placements: each may hold as much as a body does. */
export const modelKind: Kind<ModelContent> = {
  ...{ one: 'model', table: 'models', most: 20, kept: 10 },
  read: (json) => json as ModelContent,
};
