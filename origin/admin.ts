import type { Context } from 'hono';
import type { SignedEnv } from '#backing/http/signed.ts';
import { Problem } from '#contract/problem.ts';

/** The tenant whose admin asks. Throws a `forbidden` problem where it is somebody else. */
export function adminOf(c: Context<SignedEnv>): string {
  const { tenant_id, subject, scopes } = c.get('caller');
  if (!scopes.includes('admin') || subject !== null)
    throw new Problem('forbidden', 'The scope admin is needed, of an API key');
  return tenant_id;
}
