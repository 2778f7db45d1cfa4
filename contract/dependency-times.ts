/** How long an answer waited for each dependency, in ms. */
export type DependencyTimes = ReadonlyMap<string, number>;

const MOST = 24;
const TIME = /(?:^|,\s*)([a-z_]{1,32});dur=(\d{1,6}(?:\.\d)?)(?=,|$)/g;

/** `Server-Timing` (W3C) by which the origin tells the edge what it waited for. */
export function dependencyTimesHeader(times: DependencyTimes): string {
  return [...times].map(([dependency, took_ms]) => `${dependency};dur=${took_ms.toFixed(1)}`).join(', ');
}

/** The same as the edge tells it, each dependency as one of the origin's; what is not of that form is left out. */
export function originTimes(header: string | null): string[] {
  return [...(header ?? '').matchAll(TIME)]
    .slice(0, MOST)
    .map(([, dependency, took_ms]) => `origin-${dependency};dur=${took_ms}`);
}
