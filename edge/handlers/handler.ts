import type { Caller } from '#contract/caller.ts';

/** A request that is let through: who asks, about what, and how long that took to tell. */
export type Asked = {
  request: Request;
  url: string;
  caller: Caller;
  /** The id in the path, validated; empty where the path has none. */
  id: string;
  readonly query: URLSearchParams;
  auth_ms: number;
  /** The trace that it belongs to, in the form of W3C Trace Context. */
  readonly traceparent: string;
  /** `RateLimit-Policy` of the caller; null while they are not known. */
  policy: string | null;
  /** `Cache-Status` of the answer, once there is one that has it. */
  cache_status: string | null;
  waitUntil: (work: Promise<unknown>) => void;
};

/** Answers a request. Throws a Problem where it cannot. */
export type Handler = (asked: Asked) => Response | Promise<Response>;
