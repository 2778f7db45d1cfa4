/** Who asks, as the edge has established: the tenant, the person (null for the tenant's own servers), and what they may. */
export type Caller = { tenant_id: string; subject: string | null; scopes: readonly Scope[] };

export const SCOPES = [
  'recommendations:read',
  'events:write',
  'campaigns:read',
  'campaigns:write',
  'users:delete',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes in a space-separated list; names that are not ours are passed over. */
export function readScopes(text: string): Scope[] {
  const given = new Set(text.split(' '));
  return SCOPES.filter((scope) => given.has(scope));
}
