import * as v from 'valibot';
import type { Caller } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { asProblem, Problem } from '#contract/problem.ts';
import { authorise, notFound } from './access.ts';
import { type Address, addressFinder, pathOf } from './addresses.ts';
import type { Cors } from './cors.ts';
import type { Asked, Handler } from './handlers/handler.ts';
import type { Identify } from './identity/identify.ts';
import type { Limits } from './limits/limits.ts';
import { traceOf } from './log.ts';
import type { Seen } from './observe.ts';
import { problemResponse } from './respond.ts';
import type { Route, RouteName } from './routes.ts';
import { traceparent } from './traceparent.ts';

const NOBODY: Caller = { tenant_id: '', subject: null, scopes: [] };

function searchOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

/** A request on its way, with what is known of it so far. */
class Begun implements Asked {
  readonly request: Request;
  readonly url: string;
  readonly waitUntil: Asked['waitUntil'];
  caller = NOBODY;
  id = '';
  auth_ms = 0;
  policy: string | null = null;
  cache_status: string | null = null;
  #trace: string | undefined;

  constructor(request: Request, waitUntil: Asked['waitUntil']) {
    this.request = request;
    this.url = request.url;
    this.waitUntil = waitUntil;
  }

  /** Read only where it is looked at: most questions are known by their address, and answered here. */
  get query() {
    return searchOf(this.url);
  }

  get traceparent() {
    this.#trace ??= traceparent(this.request.headers);
    return this.#trace;
  }
}

/** Answers a request. */
export type App = (
  request: Request,
  context: Pick<ExecutionContext, 'waitUntil'>,
) => Response | Promise<Response>;

/**
 * The application: each route of the table with its handler, problem details for all that goes wrong, and for every request,
 * in this order: is the address over its limit; who asks; from a page that may; may they; are they over theirs.
 *
 * What is in memory is answered without waiting: each promise that is awaited costs as much as a header.
 */
export function createApp({
  handlers,
  identify,
  limits,
  cors,
  observe,
  clock,
}: {
  handlers: Record<RouteName, Handler>;
  identify: Identify;
  limits: Limits;
  cors: Cors;
  observe: (seen: Seen) => void;
  clock: Clock;
}): App {
  const find = addressFinder();

  /** Answers who is known, if they may. */
  function letThrough(asked: Asked, route: Route & { name: RouteName }): Response | Promise<Response> {
    authorise(route, asked.caller, asked.id);
    const counted = route.scope === null ? null : limits.caller(asked.caller);
    const answer = () => handlers[route.name](asked);
    return counted ? counted.then(answer) : answer();
  }

  /** Takes it that a caller asks, from a page or from none. */
  function know(asked: Asked, caller: Caller, origin: string | null): void {
    asked.caller = caller;
    asked.policy = limits.policyOf(caller.tenant_id);
    if (origin !== null) cors.check(origin, caller.tenant_id);
  }

  /** Answers what the table has, of who may. */
  function make(
    asked: Asked,
    { address, id }: { address: Address; id: string },
    origin: string | null,
  ): Response | Promise<Response> {
    const { request, waitUntil } = asked;
    const { method, headers } = request;
    const route = address.byMethod.get(method);
    if (!route) {
      if (method === 'OPTIONS') return cors.options(headers, address.allowed);
      const detail = `${method} is not for this address; it takes ${address.allowed}`;
      throw new Problem('method-not-allowed', detail, { headers: { Allow: address.allowed } });
    }
    const known = () => {
      if (address.id && !v.is(address.id.schema, id)) throw notFound();
      asked.id = id;
      return letThrough(asked, route);
    };
    if (route.scope === null) return known();
    const who = identify(headers, waitUntil);
    if (!(who instanceof Promise)) {
      know(asked, who, origin);
      return known();
    }
    const begun_ms = clock();
    return who.then((caller) => {
      asked.auth_ms = clock() - begun_ms;
      know(asked, caller, origin);
      return known();
    });
  }

  return (request, context) => {
    const begun_ms = clock();
    const asked = new Begun(request, (work) => context.waitUntil(work));
    const { method, headers } = request;
    const origin = headers.get('Origin');
    const found = find(pathOf(asked.url));

    function told(response: Response, failure?: Seen['failure']): Response {
      const { tenant_id } = asked.caller;
      const total_ms = clock() - begun_ms;
      // An answer has both already, and is not changed any more.
      if (asked.policy !== null && asked.cache_status === null) {
        if (!response.headers.has('RateLimit-Policy')) response.headers.set('RateLimit-Policy', asked.policy);
        response.headers.set('Server-Timing', `auth;dur=${asked.auth_ms}, total;dur=${total_ms}`);
      }
      if (origin !== null && method !== 'OPTIONS')
        cors.open(response, origin, tenant_id === '' ? null : tenant_id);
      observe({
        route: found?.address.path ?? '*',
        method,
        status: response.status,
        tenant_id,
        cache_status: asked.cache_status,
        total_ms,
        auth_ms: asked.auth_ms,
        failure,
        trace: () => asked.traceparent,
      });
      return method === 'HEAD' ? new Response(null, response) : response;
    }

    const failed = (error: unknown) =>
      told(problemResponse(asProblem(error), request), error instanceof Problem ? undefined : traceOf(error));
    const answer = () => {
      if (!found) throw notFound();
      return make(asked, found, origin);
    };
    let made: Response | Promise<Response>;
    try {
      const counted = limits.address(headers);
      made = counted ? counted.then(answer) : answer();
    } catch (error) {
      return failed(error);
    }
    return made instanceof Promise ? made.then((response) => told(response), failed) : told(made);
  };
}
