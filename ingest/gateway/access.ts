import type { Caller, Scope } from '#contract/caller.ts';
import { Problem } from '#contract/problem.ts';

/** Throws a `forbidden` problem where the caller lacks the scope. */
export function requireScope({ scopes }: Caller, scope: Scope): void {
  if (!scopes.includes(scope)) throw new Problem('forbidden', `The token lacks the scope ${scope}`);
}

/** Throws a `forbidden` problem where a person asks what only the tenant's own servers may. */
export function requireServer({ subject }: Caller): void {
  if (subject !== null)
    throw new Problem('forbidden', "Only the tenant's own servers may do this: use an API key");
}
