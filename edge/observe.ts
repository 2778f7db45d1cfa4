import type { Breaker } from './breaker.ts';
import type { Log } from './log.ts';

/** A dataset of Analytics Engine. */
export type Dataset = {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
};

/** What is told of a request: nothing of who asked but the tenant, and nothing of what was asked but the route. */
export type Seen = {
  route: string;
  method: string;
  status: number;
  /** Empty where it is not known. */
  tenant_id: string;
  /** `Cache-Status` of the answer, where it has one. */
  cache_status: string | null;
  total_ms: number;
  auth_ms: number;
  /** The trace that it belongs to, told where a line is. */
  trace: () => string;
  /** What nobody foresaw, where something of the kind went wrong. */
  failure?: Readonly<Record<string, unknown>> | undefined;
};

const SAMPLED = 0.01;

/** Where an answer came from, in a word: `memory`, `miss`, `stale-if-error` and the like; empty without a cache. */
export function cacheTier(cache_status: string | null): string {
  if (cache_status === null) return '';
  return (/detail=([\w-]+)/.exec(cache_status) ?? /fwd=([\w-]+)/.exec(cache_status))?.[1] ?? '';
}

/**
 * Tells of each request: a data point always, and one line of the log for every failure of ours and for one in a hundred
 * of all others. A data point's blobs are route, method, status, cache tier and whether the answer was shared with equal
 * requests, and the names of the breakers that are open; its doubles are the time in ms, all in all and for telling who asks.
 */
export function observer({
  log,
  dataset,
  random,
  breakers = [],
}: {
  log: Log;
  dataset: Dataset | undefined;
  random: () => number;
  breakers?: readonly Pick<Breaker, 'name' | 'isOpen'>[];
}): (seen: Seen) => void {
  const openNow = () => {
    let names = '';
    for (const one of breakers) if (one.isOpen()) names += names === '' ? one.name : ` ${one.name}`;
    return names;
  };

  return (seen) => {
    const { route, method, status, tenant_id, cache_status, total_ms, auth_ms } = seen;
    const failed = status >= 500;
    const telling = failed || random() < SAMPLED;
    if (!dataset && !telling) return;
    const cache = cacheTier(cache_status);
    const collapsed = cache_status?.includes('; collapsed') ?? false;
    const open = openNow();
    dataset?.writeDataPoint({
      indexes: [tenant_id],
      blobs: [route, method, String(status), cache, collapsed ? 'collapsed' : '', open],
      doubles: [total_ms, auth_ms],
    });
    if (!telling) return;
    const { failure, trace } = seen;
    log({
      level: failed ? 'error' : 'info',
      event: failure ? 'unexpected' : 'request',
      ...{ route, method, status, tenant_id, total_ms, auth_ms, cache, collapsed, open },
      traceparent: trace(),
      ...failure,
    });
  };
}
