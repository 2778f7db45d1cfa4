import { BOOKMARK_HEADER } from '#contract/bookmark.ts';
import { Problem } from '#contract/problem.ts';
import type { Tenants } from './tenants.ts';

const REQUEST_HEADERS = `Authorization, Content-Type, Content-Encoding, If-None-Match, traceparent, ${BOOKMARK_HEADER}`;
const EXPOSED = `Age, Cache-Status, ETag, ${BOOKMARK_HEADER}, RateLimit-Policy, Retry-After, Server-Timing`;
const PREFLIGHT_S = '7200';

/**
 * Which web pages may ask (Fetch standard, CORS protocol). A preflight carries no token, so it is told of any tenant's
 * pages; the request that follows must come from a page of its own tenant's. Cookies are never allowed, nor used.
 */
export type Cors = {
  /** Throws `forbidden` where the request comes from a page that is none of its tenant's. */
  check(origin: string, tenant_id: string): void;
  /** Lets a page read the response, if it may: a page of the tenant, or of any while it is not known whose. */
  open(response: Response, origin: string, tenant_id: string | null): void;
  /** Answers OPTIONS: which methods an address takes, and to a page that may ask, how. */
  options(request: Headers, methods: string): Response;
};

export function crossOrigin(tenants: Tenants): Cors {
  const mayRead = (origin: string, tenant_id: string | null) =>
    tenant_id === null ? tenants.anyHas(origin) : tenants.of(tenant_id).origins.includes(origin);

  function open(response: Response, origin: string, tenant_id: string | null): void {
    if (!mayRead(origin, tenant_id)) return;
    response.headers.set('Access-Control-Allow-Origin', origin);
    response.headers.set('Access-Control-Expose-Headers', EXPOSED);
  }

  return {
    check(origin, tenant_id) {
      if (mayRead(origin, tenant_id)) return;
      throw new Problem('forbidden', "The page that asks is none of the tenant's: configure its origin");
    },
    open,
    options(request, methods) {
      const response = new Response(null, {
        status: 204,
        headers: {
          Allow: methods,
          'Cache-Control': 'no-store',
          Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
        },
      });
      const origin = request.get('Origin');
      if (origin !== null && request.has('Access-Control-Request-Method') && tenants.anyHas(origin)) {
        response.headers.set('Access-Control-Allow-Origin', origin);
        response.headers.set('Access-Control-Allow-Methods', methods);
        response.headers.set('Access-Control-Allow-Headers', REQUEST_HEADERS);
        response.headers.set('Access-Control-Max-Age', PREFLIGHT_S);
      }
      return response;
    },
  };
}
