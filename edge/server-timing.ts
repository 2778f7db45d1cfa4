/** Where the time went, in ms. A Worker's clock stands still but for I/O, so what shows is waiting, not work. */
export type Spent = {
  auth_ms: number;
  cache_ms: number;
  origin_ms: number;
  /** What the origin says that it waited for. */
  times?: readonly string[];
};

/** What is told of an answer that nothing was waited for. */
export const NO_TIME = 'auth;dur=0, cache;dur=0, origin;dur=0';

/** `Server-Timing` (W3C). */
export function serverTiming({ auth_ms, cache_ms, origin_ms, times = [] }: Spent): string {
  if (auth_ms + cache_ms + origin_ms === 0 && times.length === 0) return NO_TIME;
  return [`auth;dur=${auth_ms}, cache;dur=${cache_ms}, origin;dur=${origin_ms}`, ...times].join(', ');
}
