import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { onlyMethods } from '#backing/http/errors.ts';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { Log } from '#backing/log/port.ts';
import { readEvent } from '#contract/envelope.ts';
import { TenantId } from '#contract/ids.ts';
import { ANSWERED_PATH, OUTCOMES_PATH, outcomeOf } from '#contract/outcome.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import { readServed } from '#contract/served.ts';
import { topics } from '#contract/topics.ts';
import { requireScope, requireServer } from './access.ts';

const PAGE = 1_000;

const OFFSET = 'An offset is a whole number';
const Offset = v.pipe(v.string(), v.regex(/^\d{1,15}$/, OFFSET), v.transform(Number));

/** Reads one thing from a record; null where it holds none, or one of another tenant. */
type Read = (value: Uint8Array, tenant_id: string) => unknown;

const served: Read = (value, tenant_id) => {
  const answer = readServed(value);
  return answer?.tenant_id === tenant_id ? answer : null;
};

const outcome: Read = (value, tenant_id) => {
  try {
    const envelope = readEvent(value);
    return envelope.tenant_id === tenant_id ? outcomeOf(envelope.event) : null;
  } catch {
    // The views tell of what cannot be read; here it only has nothing to say.
    return null;
  }
};

/**
 * What was answered, and what became of it, as far as the log still has it, for whoever operates this to learn from: signed
 * requests with the scope `admin`, which the edge never passes on.
 */
export function addLearningRoutes(app: Hono<SignedEnv>, { log }: { log: Log }): void {
  const pages = (topic: string, read: Read) => async (c: Context<SignedEnv>) => {
    const { caller, signal } = c.var;
    requireScope(caller, 'admin');
    requireServer(caller);
    const tenant_id = parse(TenantId, c.req.param('tenant_id'));
    const [partition, from] = [
      parse(Offset, c.req.param('partition')),
      parse(Offset, c.req.query('from') ?? '0'),
    ];
    const ends = await log.ends(topic, signal);
    const end = ends[partition];
    if (end === undefined) throw new Problem('not-found', `There are ${ends.length} partitions`);
    const records = from < end ? await log.read({ topic, partition, offset: from }, PAGE, signal) : [];
    const last = records.at(-1);
    const items = records.map(({ value }) => read(value, tenant_id)).filter((item) => item !== null);
    const next = last && last.offset + 1 < end ? last.offset + 1 : null;
    return c.json({ partitions: ends.length, next, items });
  };
  for (const [path, topic, read] of [
    [ANSWERED_PATH, topics.served, served],
    [OUTCOMES_PATH, topics.events, outcome],
  ] as const) {
    app.get(`${path}/:tenant_id/:partition`, pages(topic, read));
    app.all(`${path}/:tenant_id/:partition`, onlyMethods('GET'));
  }
}
