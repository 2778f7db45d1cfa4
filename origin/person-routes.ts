import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import type { Deletions } from '#backing/deletions/port.ts';
import { forgottenKey } from '#backing/forgotten.ts';
import type { Graph } from '#backing/graph/port.ts';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Profiles } from '#backing/profiles/port.ts';
import type { Vectors } from '#backing/vectors/port.ts';
import type { Clock } from '#contract/clock.ts';
import { DeletionId, type DeletionStatus, type PersonExport } from '#contract/deletion.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';

/** What is kept of people, and how far those are forgotten who asked for it. */
export type People = { deletions: Deletions; profiles: Profiles; graph: Graph; vectors: Vectors };

type Asked = Context<SignedEnv>;

/** How many edges, and vectors, an export tells at most. */
const MOST = 5_000;

const FORGETS_BY_ITSELF =
  'The log forgets by its retention, 7 days, and its dead letters by theirs, 30 days; daily counts have nobody in them and stay. That somebody was forgotten is kept.';
const NOT_HERE =
  'Events as they were sent stand on the log for its retention and in the archive, which is not read here.';

const noSuch = (what: string) => new Problem('not-found', `There is no such ${what}`);

function callerOf(c: Asked) {
  const caller = c.get('caller');
  if (!caller.scopes.includes('users:delete'))
    throw new Problem('forbidden', 'The scope users:delete is needed');
  return caller;
}

/** Adds the routes by which a person, or a server of their tenant, is told what is kept and how far it is forgotten. */
export function addPersonRoutes(
  app: Hono<SignedEnv>,
  { deletions, profiles, graph, vectors, clock }: People & { clock: Clock },
): void {
  app.get('/v1/deletions/:deletion_id', async (c) => {
    const { tenant_id, subject } = callerOf(c);
    const deletion_id = c.req.param('deletion_id');
    const found = v.is(DeletionId, deletion_id)
      ? await deletions.read(tenant_id, deletion_id, c.get('signal'))
      : null;
    // A moment after it was accepted nobody has read of it yet; whoever asked for it knows to ask again.
    const theirs = subject === null || found?.key === forgottenKey(tenant_id, subject);
    if (!found || !theirs) throw noSuch('deletion, or it was accepted just now: then ask again');
    const { forgotten_at, stores } = found;
    const status: DeletionStatus = {
      deletion_id,
      forgotten_at,
      status: stores.every(({ done_at }) => done_at !== null) ? 'done' : 'pending',
      stores,
      note: FORGETS_BY_ITSELF,
    };
    return c.json(status);
  });

  app.get('/v1/users/:user_id/export', async (c) => {
    const { tenant_id, subject } = callerOf(c);
    const user_id = parse(Id, c.req.param('user_id'));
    if (subject !== null && subject !== user_id) throw noSuch('person');
    const [person, signal] = [{ tenant_id, user_id }, c.get('signal')];
    const [profile, shown, edges, kept] = await Promise.all([
      profiles.read(tenant_id, user_id, signal),
      profiles.impressions(tenant_id, user_id, signal),
      graph.edgesOf(person, MOST + 1, signal),
      vectors.messagesOf(person, MOST + 1, signal),
    ]);
    const latest = (map: ReadonlyMap<string, string>) =>
      [...map].map(([campaign_id, occurred_at]) => ({ campaign_id, occurred_at }));
    const told: PersonExport = {
      user_id,
      exported_at: new Date(clock()).toISOString(),
      profile: {
        messages: [...profile.messages],
        engagements: [...profile.engagements],
        engaged: latest(profile.engaged),
        dismissed: latest(profile.dismissed),
        impressions: shown,
      },
      edges: edges.slice(0, MOST),
      vectors: kept.slice(0, MOST),
      complete: edges.length <= MOST && kept.length <= MOST,
      note: NOT_HERE,
    };
    return c.json(told);
  });
}
