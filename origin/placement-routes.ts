import type { Hono } from 'hono';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Models, Placements, VersionRow } from '#backing/versioned/port.ts';
import { pointerTo } from '#contract/parse.ts';
import { PlacementContent, type PlacementVersion, type PlacementVersions } from '#contract/placement.ts';
import { adminOf } from './admin.ts';
import { placements as shipped } from './placements.ts';
import { addVersionedRoutes, noSuchSource, refuse, type VersionedMeans } from './versioned-routes.ts';

type PlacementRow = VersionRow<PlacementContent>;

const told = ({ tenant_id: _, name, ...row }: PlacementRow): PlacementVersion => ({
  placement: name,
  ...row,
});

/** The shipped ones as versions: live where the tenant has none of that name that is. */
function shippedVersions(rows: readonly PlacementRow[]): PlacementVersion[] {
  return [...shipped.values()].map(({ name: placement, version, from: _, ...content }) => {
    const replaced = rows.some(({ name, status }) => name === placement && status === 'live');
    const status = replaced ? 'retired' : 'live';
    return { placement, version, status, content, created_at: null, changed_at: null };
  });
}

/** Adds the routes by which a tenant's placements are listed, added as candidates, and moved through their lives. */
export function addPlacementRoutes(
  app: Hono<SignedEnv>,
  options: VersionedMeans & { placements: Placements; models: Models },
) {
  const { placements, models, sources } = options;

  app.get('/v1/admin/placements', async (c) => {
    const rows = await placements.of(adminOf(c), {}, c.get('signal'));
    const all: PlacementVersions = { placements: [...shippedVersions(rows), ...rows.map(told)] };
    return c.json(all);
  });

  addVersionedRoutes(app, {
    ...options,
    ...{ one: 'placement', stored: placements, schema: PlacementContent, told },
    async check({ weights, model }, tenant_id, signal) {
      const unknown = Object.keys(weights).filter((name) => !sources.includes(name));
      refuse(unknown.map((name) => noSuchSource(`/weights${pointerTo(name)}`, sources)));
      if (model === null || (await models.list(tenant_id, signal)).some(({ name }) => name === model)) return;
      refuse([{ pointer: '/model', detail: `There is no model "${model}": add a version of it first` }]);
    },
  });
}
