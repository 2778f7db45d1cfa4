import type { Served } from './answers.ts';
import { ttlOf } from './policy.ts';

/** `Cache-Status` (RFC 9211) of what was served at `now_ms`. */
export function cacheStatus(served: Served, now_ms: number): string {
  const { how, tier, entry, replaced, collapsed } = served;
  const ttl = entry ? `; ttl=${ttlOf(entry, now_ms)}` : '';
  const shared = collapsed ? '; collapsed' : '';
  if (how === 'hit') return `edgewise; hit${ttl}${shared}; detail=${tier}`;
  if (how === 'validated') return `edgewise; fwd=stale; fwd-status=304${ttl}${shared}; detail=memory`;
  if (how === 'stale') return `edgewise; fwd=stale${ttl}${shared}; detail=stale-if-error`;
  if (how === 'renewed') return `edgewise; fwd=request${entry ? '; stored' : ''}${ttl}; detail=bookmark`;
  const why = replaced ? 'stale' : 'miss';
  return `edgewise; fwd=${why}${how === 'stored' ? '; stored' : ''}${ttl}${shared}`;
}
