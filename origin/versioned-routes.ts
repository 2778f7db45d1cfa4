import type { Context, Hono } from 'hono';
import type * as v from 'valibot';
import type { Answers } from '#backing/answers/port.ts';
import type { SignedEnv } from '#backing/http/signed.ts';
import { TooMany, type Versioned, type VersionRow } from '#backing/versioned/port.ts';
import type { Clock } from '#contract/clock.ts';
import { Id } from '#contract/ids.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { MoveVersion } from '#contract/versioned.ts';
import { adminOf } from './admin.ts';

type Asked = Context<SignedEnv>;

/** What the routes about placements and models rest on. */
export type VersionedMeans = {
  answers: Answers;
  clock: Clock;
  /** The sources that there are. */
  sources: readonly string[];
  /** Reads the JSON of a request's body. */
  jsonBody: (c: Asked) => unknown;
};

/** Adds the routes by which versions are added as candidates, and moved through their lives. */
export function addVersionedRoutes<Content>(
  app: Hono<SignedEnv>,
  options: VersionedMeans & {
    /** The singular, as the paths' plural and the answers name it. */
    one: 'placement' | 'model';
    stored: Versioned<Content>;
    schema: v.GenericSchema<unknown, Content>;
    /** Throws an `invalid-request` problem where a content that the schema allows is none that can rank. */
    check(content: Content, tenant_id: string, signal: AbortSignal): Promise<void>;
    /** A version as the tenant sees it. */
    told: (row: VersionRow<Content>) => object;
  },
) {
  const { one, stored, schema, check, told, answers, clock, jsonBody } = options;
  const path = `/v1/admin/${one}s/:name`;
  const now = () => new Date(clock()).toISOString();

  app.put(path, async (c) => {
    const [tenant_id, name, signal] = [adminOf(c), parse(Id, c.req.param('name')), c.get('signal')];
    const content = parse(schema, jsonBody(c));
    await check(content, tenant_id, signal);
    try {
      return c.json(told(await stored.add({ tenant_id, name, content, at: now() }, signal)), 201);
    } catch (error) {
      if (error instanceof TooMany) throw new Problem('invalid-request', error.message);
      throw error;
    }
  });

  app.post(path, async (c) => {
    const [tenant_id, name] = [adminOf(c), parse(Id, c.req.param('name'))];
    const { version, status } = parse(MoveVersion, jsonBody(c));
    const row = await stored.move({ tenant_id, name, version, status, at: now() }, c.get('signal'));
    if (!row) throw new Problem('not-found', `There is no such version of a ${one}`);
    await answers.raise([{ tenant_id, user_id: null }], c.get('signal'));
    return c.json(told(row));
  });
}

/** Throws an `invalid-request` problem that points at each thing that is wrong; nothing where nothing is. */
export function refuse(errors: readonly { pointer: string; detail: string }[]): void {
  const [first] = errors;
  if (first) throw new Problem('invalid-request', `${first.pointer}: ${first.detail}`, { errors });
}

export const noSuchSource = (pointer: string, sources: readonly string[]) => ({
  pointer,
  detail: `There is no such source; there are ${sources.join(', ')}`,
});
