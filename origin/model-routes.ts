import type { Hono } from 'hono';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Models, VersionRow } from '#backing/versioned/port.ts';
import { Id } from '#contract/ids.ts';
import { type ListedModels, ModelContent, type ModelVersion, type ModelVersions } from '#contract/model.ts';
import { parse, pointerTo } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { adminOf } from './admin.ts';
import { addVersionedRoutes, noSuchSource, refuse, type VersionedMeans } from './versioned-routes.ts';

const told = ({ tenant_id: _, name, ...row }: VersionRow<ModelContent>): ModelVersion => ({
  model: name,
  ...row,
});

/** Where a model names each of its sources. */
const namesOf = (content: ModelContent): [name: string, pointer: string][] =>
  content.kind === 'weights'
    ? Object.keys(content.weights).map((name) => [name, `/weights${pointerTo(name)}`])
    : content.sources.map((name, i) => [name, `/sources/${i}`]);

/** Adds the routes by which a tenant's models are listed, read, added as candidates, and moved through their lives. */
export function addModelRoutes(app: Hono<SignedEnv>, options: VersionedMeans & { models: Models }) {
  const { models, sources } = options;

  app.get('/v1/admin/models', async (c) => {
    const rows = await models.list(adminOf(c), c.get('signal'));
    const all: ListedModels = {
      models: rows.map(({ tenant_id: _, name, ...row }) => ({ model: name, ...row })),
    };
    return c.json(all);
  });

  app.get('/v1/admin/models/:name', async (c) => {
    const [tenant_id, name] = [adminOf(c), parse(Id, c.req.param('name'))];
    const rows = await models.of(tenant_id, { name }, c.get('signal'));
    if (rows.length === 0) throw new Problem('not-found', 'There is no such model');
    const versions: ModelVersions = { models: rows.map(told) };
    return c.json(versions);
  });

  addVersionedRoutes(app, {
    ...options,
    ...{ one: 'model', stored: models, schema: ModelContent, told },
    async check(content) {
      const unknown = namesOf(content).filter(([name]) => !sources.includes(name));
      refuse(unknown.map(([, pointer]) => noSuchSource(pointer, sources)));
    },
  });
}
