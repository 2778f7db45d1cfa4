import type { ApiKey } from '#contract/api-key.ts';
import { readScopes } from '#contract/caller.ts';
import { composite } from '#contract/ids.ts';

/** A key as a row of a table holds it. */
export type KeyRow = Omit<ApiKey, 'scopes'> & { scopes: string };

/** The columns, in the order of `valuesOf`. */
export const COLUMNS = 'key_id, tenant_id, name, scopes, created_at, expires_at, revoked_at, pepper, digest';

export function valuesOf(key: ApiKey): (string | null)[] {
  const { key_id, tenant_id, name, scopes, created_at, expires_at, revoked_at, pepper, digest } = key;
  return [key_id, tenant_id, name, scopes.join(' '), created_at, expires_at, revoked_at, pepper, digest];
}

export function keyOf(row: KeyRow): ApiKey {
  const { key_id, tenant_id, name, scopes, created_at, expires_at, revoked_at, pepper, digest } = row;
  const times = { created_at, expires_at, revoked_at };
  return { key_id, tenant_id, name, scopes: readScopes(scopes), ...times, pepper, digest };
}

/** A line of a dump. */
export function lineOf(row: KeyRow): string {
  return `${composite('api-key', row.tenant_id, row.key_id)} ${JSON.stringify(keyOf(row))}`;
}
