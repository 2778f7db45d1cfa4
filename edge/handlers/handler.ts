import type { Caller } from '#contract/caller.ts';

/** A request that is let through: who asks, about what, and how long that took to tell. */
export type Asked = {
  request: Request;
  caller: Caller;
  /** The id in the path, validated; empty where the path has none. */
  id: string;
  query: URLSearchParams;
  auth_ms: number;
  waitUntil: (work: Promise<unknown>) => void;
};

/** Answers a request. Throws a Problem where it cannot. */
export type Handler = (asked: Asked) => Promise<Response>;
