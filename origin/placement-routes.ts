import type { Context, Hono } from 'hono';
import type { Answers } from '#backing/answers/port.ts';
import type { SignedEnv } from '#backing/http/signed.ts';
import { type PlacementRow, type Placements, TooManyPlacements } from '#backing/placements/port.ts';
import type { Clock } from '#contract/clock.ts';
import { Id } from '#contract/ids.ts';
import { parse, pointerTo } from '#contract/parse.ts';
import {
  MovePlacement,
  PlacementContent,
  type PlacementVersion,
  type PlacementVersions,
} from '#contract/placement.ts';
import { Problem } from '#contract/problem.ts';
import { adminOf } from './admin.ts';
import { placements as shipped } from './placements.ts';

type Asked = Context<SignedEnv>;

const versionOf = ({ tenant_id: _, ...row }: PlacementRow): PlacementVersion => row;

/** The shipped ones as versions: live where the tenant has none of that name that is. */
function shippedVersions(rows: readonly PlacementRow[]): PlacementVersion[] {
  return [...shipped.values()].map(({ name, version, from: _, ...content }) => {
    const replaced = rows.some(({ placement, status }) => placement === name && status === 'live');
    const status = replaced ? 'retired' : 'live';
    return { placement: name, version, status, content, created_at: null, changed_at: null };
  });
}

/** Refuses weights of sources that there are not. */
function refuseUnknown({ weights }: PlacementContent, sources: readonly string[]): void {
  const errors = Object.keys(weights)
    .filter((name) => !sources.includes(name))
    .map((name) => ({
      pointer: `/weights${pointerTo(name)}`,
      detail: `There is no such source; there are ${sources.join(', ')}`,
    }));
  const [first] = errors;
  if (first) throw new Problem('invalid-request', `${first.pointer}: ${first.detail}`, { errors });
}

/** Adds the routes by which a tenant's placements are listed, added as candidates, and moved through their lives. */
export function addPlacementRoutes(
  app: Hono<SignedEnv>,
  options: {
    placements: Placements;
    answers: Answers;
    clock: Clock;
    /** The sources that a placement can weigh. */
    sources: readonly string[];
    /** Reads the JSON of a request's body. */
    jsonBody: (c: Asked) => unknown;
  },
) {
  const { placements, answers, clock, sources, jsonBody } = options;
  const now = () => new Date(clock()).toISOString();

  app.get('/v1/admin/placements', async (c) => {
    const rows = await placements.of(adminOf(c), c.get('signal'));
    const all: PlacementVersions = { placements: [...shippedVersions(rows), ...rows.map(versionOf)] };
    return c.json(all);
  });

  app.put('/v1/admin/placements/:placement', async (c) => {
    const [tenant_id, placement] = [adminOf(c), parse(Id, c.req.param('placement'))];
    const content = parse(PlacementContent, jsonBody(c));
    refuseUnknown(content, sources);
    try {
      const row = await placements.add({ tenant_id, placement, content, at: now() }, c.get('signal'));
      return c.json(versionOf(row), 201);
    } catch (error) {
      if (error instanceof TooManyPlacements) throw new Problem('invalid-request', error.message);
      throw error;
    }
  });

  app.post('/v1/admin/placements/:placement', async (c) => {
    const [tenant_id, placement] = [adminOf(c), parse(Id, c.req.param('placement'))];
    const { version, status } = parse(MovePlacement, jsonBody(c));
    const moved = { tenant_id, placement, version, status, at: now() };
    const row = await placements.move(moved, c.get('signal'));
    if (!row) throw new Problem('not-found', 'There is no such version of a placement');
    await answers.raise([{ tenant_id, user_id: null }], c.get('signal'));
    return c.json(versionOf(row));
  });
}
