import type { VersionRow } from '#backing/versioned/port.ts';
import type { ModelContent } from '#contract/model.ts';
import type { PlacementContent } from '#contract/placement.ts';
import type { VersionStatus } from '#contract/versioned.ts';
import type { Ranking } from './pipeline/stages.ts';
import type { Placement } from './placements.ts';
import { rankingOf } from './rank/ranking.ts';

/** What of a tenant's placements answers, and what ranks beside it, by name. */
export type OwnPlacements = {
  live: ReadonlyMap<string, Ranking>;
  shadow: ReadonlyMap<string, Ranking>;
};

/** A tenant's placements with the models that they name; a placement that is a shadow goes before a model that is one. */
export function ownPlacements(
  rows: readonly VersionRow<PlacementContent>[],
  models: readonly VersionRow<ModelContent>[],
): OwnPlacements {
  const modelOf = (name: string | null, wanted: VersionStatus) =>
    models.find((model) => model.name === name && model.status === wanted) ?? null;
  const placementsOf = (wanted: VersionStatus): Placement[] =>
    rows
      .filter(({ status }) => status === wanted)
      .map(({ name, content, version }) => ({ ...content, name, version, from: 'tenant' }));
  const ranked = (placement: Placement) =>
    [placement.name, rankingOf(placement, modelOf(placement.model, 'live'))] as const;
  const live = placementsOf('live');
  const besides = live.flatMap((placement) => {
    const model = modelOf(placement.model, 'shadow');
    return model ? [[placement.name, rankingOf(placement, model)] as const] : [];
  });
  return {
    live: new Map(live.map(ranked)),
    shadow: new Map([...besides, ...placementsOf('shadow').map(ranked)]),
  };
}
