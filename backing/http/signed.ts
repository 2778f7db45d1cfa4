import type { Meter } from '@opentelemetry/api';
import { Hono, type MiddlewareHandler } from 'hono';
import { is } from 'valibot';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { TenantId } from '#contract/ids.ts';
import { Problem } from '#contract/problem.ts';
import { type Key, verifyBody, verifyHeaders } from '#contract/signature.ts';
import type { Traces } from '../telemetry/traces.ts';
import { type ByteBudget, byteBudget, type Lease } from './byte-budget.ts';
import { answerErrors, noSuchRoute } from './errors.ts';
import { fitsByNode } from './fits-by-node.ts';
import { measured } from './measured.ts';
import { readBody } from './read-body.ts';
import type { Report } from './report.ts';
import { traced } from './traced.ts';

export type SignedEnv = {
  Variables: {
    caller: Caller;
    /** How long the answer may take, in ms from when the request came. */
    deadline_ms: number;
    /** The body's bytes as they came, still encoded; empty where there is none. */
    body: Uint8Array<ArrayBuffer>;
    /** Aborted when the deadline has passed (the reason is an `out-of-time` problem) or the client has left. */
    signal: AbortSignal;
    /** What the request holds of the budget; given back when it ends. */
    lease: Lease;
  };
};

export type SignedOptions = {
  keys: readonly Key[];
  clock: Clock;
  /** The most that a body may weigh as it comes. */
  max_body_bytes: number;
  /** What the bodies of all requests at hand may weigh together; unbounded where it is left out. */
  budget?: ByteBudget;
  report?: Report;
  meter?: Meter | undefined;
  traces?: Traces | undefined;
};

const LONGEST_DEADLINE_MS = 10 * 60_000;

/**
 * An app that answers signed requests only; add routes to it. A signature that does not hold is a 401 that
 * says what is wrong, and what handlers throw is answered as problem details.
 */
export function signedApp(options: SignedOptions): Hono<SignedEnv> {
  const app = new Hono<SignedEnv>();
  app.use(measured(options.meter));
  if (options.traces) app.use(traced(options.traces));
  app.use(signed(options));
  app.onError(answerErrors(options.report));
  app.notFound(noSuchRoute);
  return app;
}

function signed({
  keys,
  clock,
  max_body_bytes,
  budget = byteBudget(Number.POSITIVE_INFINITY),
}: SignedOptions): MiddlewareHandler<SignedEnv> {
  const fits = fitsByNode(keys);
  return async (c, next) => {
    const { raw: request, method } = c.req;
    const head = { method, url: new URL(request.url), headers: request.headers };
    // Before the body is read, so that a stranger cannot make us hold one.
    const { caller, deadline_ms } = await verifyHeaders(head, keys, clock(), fits);
    if (!is(TenantId, caller.tenant_id))
      throw new Problem('bad-request', 'Edgewise-Tenant is not a tenant: 1 to 63 of a-z, 0-9 and "-"');

    const { signal, end } = endsWith(request.signal, deadline_ms);
    const lease = budget.lease();
    try {
      const body = await readBody(request, { max_bytes: max_body_bytes, lease, signal });
      await verifyBody(request.headers, body);
      c.set('caller', caller);
      c.set('deadline_ms', deadline_ms);
      c.set('body', body);
      c.set('signal', signal);
      c.set('lease', lease);
      await next();
    } finally {
      lease.release();
      end();
    }
  };
}

/** A signal that aborts with the client's, or once the deadline has passed; `end` lets go of both. */
function endsWith(client: AbortSignal, deadline_ms: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const left = () =>
    controller.abort(new Problem('bad-request', 'The client left', { cause: client.reason }));
  const late = () =>
    controller.abort(new Problem('out-of-time', `The answer was not ready within ${deadline_ms} ms`));
  const timer = setTimeout(late, Math.min(Math.max(deadline_ms, 0), LONGEST_DEADLINE_MS));
  if (client.aborted) left();
  client.addEventListener('abort', left);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      client.removeEventListener('abort', left);
    },
  };
}
