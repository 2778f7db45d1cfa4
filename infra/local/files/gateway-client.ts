import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { Scope } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { type Key, sign } from '#contract/signature.ts';
import { Verdict } from '#contract/verdict.ts';
import { Mendable } from '../terminal/mendable.ts';

/** Where things go in at the gateway, and what allows that. */
const ROUTES = {
  events: { path: '/v1/events', scope: 'events:write' },
  imports: { path: '/internal/imports', scope: 'events:write' },
  campaigns: { path: '/v1/campaigns', scope: 'campaigns:write' },
} as const satisfies Record<string, { path: string; scope: Scope }>;
export type RouteName = keyof typeof ROUTES;

/** Sends NDJSON of a tenant's own server, and gives the verdict on each line. */
export type Send = (route: RouteName, body: Buffer<ArrayBuffer>) => Promise<Verdict>;

export type GatewayClientOptions = {
  url: string;
  key: Key;
  tenant_id: string;
  clock: Clock;
  signal: AbortSignal;
  /** For how long a gateway that is busy or away is asked again. */
  patience_ms?: number;
};

const DEADLINE_MS = 60_000;
const PATIENCE_MS = 60_000;
const LONGEST_WAIT_MS = 5_000;

/**
 * Signs requests to the gateway as the edge would. What is overloaded or cut off is sent again, which is
 * harmless, since the same event twice is one event. `send` throws Mendable once it has run out of patience.
 */
export function gatewayClient(options: GatewayClientOptions): Send {
  const { clock, signal, patience_ms = PATIENCE_MS } = options;
  return async (route, body) => {
    const until_ms = clock() + patience_ms;
    for (let attempt = 0; ; attempt++) {
      const tried = await trySend(route, body, options);
      if ('verdict' in tried) return tried.verdict;
      const wait_ms = tried.after_ms ?? Math.min(100 * 2 ** attempt, LONGEST_WAIT_MS);
      if (clock() + wait_ms > until_ms) throw new Mendable(tried.sentence, { cause: tried.cause });
      await sleep(wait_ms, undefined, { signal });
    }
  };
}

type Again = { sentence: string; after_ms: number | null; cause?: unknown };

async function trySend(
  route: RouteName,
  body: Buffer<ArrayBuffer>,
  { url: base, key, tenant_id, clock, signal }: GatewayClientOptions,
): Promise<{ verdict: Verdict } | Again> {
  const { path, scope } = ROUTES[route];
  const url = new URL(path, base);
  const caller = { tenant_id, subject: null, scopes: [scope] };
  const headers = await sign({ method: 'POST', url, caller, deadline_ms: DEADLINE_MS, body }, key, clock());
  headers.set('Content-Type', 'application/x-ndjson');
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    return await judge(response, url);
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof TypeError)) throw cause;
    return {
      sentence: `The gateway at ${url.origin} does not answer: is it still running?`,
      after_ms: null,
      cause,
    };
  }
}

/** What a problem of the gateway tells, as far as it matters here. */
const Told = v.object({
  detail: v.fallback(v.string(), ''),
  accepted: v.optional(v.number()),
  rejected: v.optional(v.unknown()),
});

async function judge(response: Response, url: URL): Promise<{ verdict: Verdict } | Again> {
  const { status, headers } = response;
  const told = v.parse(Told, await response.json().catch(() => ({})));
  const verdict = v.safeParse(Verdict, { accepted: told.accepted, rejected: told.rejected });
  if ((status === 202 || status === 422) && verdict.success) return { verdict: verdict.output };
  if (status === 503) {
    const after_s = Number(headers.get('Retry-After'));
    return {
      sentence: `The gateway at ${url.origin} keeps saying: ${told.detail}. Try again later; nothing counts twice`,
      after_ms: after_s > 0 ? after_s * 1000 : null,
    };
  }
  if (status === 401) {
    throw new Mendable(`The gateway at ${url.origin} does not know our key: it runs on another data folder`);
  }
  throw new Error(`The gateway answered ${status} to ${url.pathname}: ${told.detail}`);
}
