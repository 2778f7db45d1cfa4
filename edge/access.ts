import type { Caller } from '#contract/caller.ts';
import { Problem } from '#contract/problem.ts';
import type { Route } from './routes.ts';

/** What is not there, and what is not theirs to see, alike: the answers tell no difference. */
export function notFound(): Problem {
  return new Problem('not-found', 'There is nothing here, or it is not yours to see');
}

/**
 * Lets a caller through to a route, or throws: `forbidden` without its scope, or where only servers may and a
 * person asks; `not-found` where the path is another person's. `id` is the id in the path.
 */
export function authorise(route: Route, caller: Caller, id: string): void {
  if (route.scope !== null && !caller.scopes.includes(route.scope)) {
    throw new Problem('forbidden', `The token lacks the scope "${route.scope}"`);
  }
  if (route.subject === 'server' && caller.subject !== null) {
    throw new Problem('forbidden', "Only the tenant's own servers may do this: use an API key");
  }
  if (route.subject === 'self' && caller.subject !== null && caller.subject !== id) throw notFound();
}
