import { Problem } from '#contract/problem.ts';

/** Who is asking is not known: 401. `detail` says what to mend. */
export function unauthenticated(detail: string): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}
