import { type ApiKey, KEYS_PATH, makeApiKey, packKey } from '#contract/api-key.ts';
import { SCOPES, type Scope } from '#contract/caller.ts';
import { importKeys, type Key } from '#contract/signature.ts';
import { TENANT } from './tokens.ts';

const secret = (byte: string) => btoa(byte.repeat(32)).replaceAll('=', '');

/** The first is what keys are made under now; the second is on its way out. */
export const peppers = [
  { id: 'p2', secret: secret('p') },
  { id: 'p1', secret: secret('q') },
];

/** The keys that the origin knows of. */
const kept = new Map<string, ApiKey>();

/** A new API key, right in all but what is given. */
export async function newKey({
  pepper = 0,
  ...told
}: Partial<Omit<ApiKey, 'pepper'>> & { pepper?: number } = {}): Promise<{ api_key: string; key_id: string }> {
  const imported = await importKeys(peppers);
  const about = {
    tenant_id: TENANT,
    name: 'A server',
    scopes: [...SCOPES],
    created_at: new Date(0).toISOString(),
    expires_at: null,
  };
  const { token, key } = await makeApiKey(about, imported[pepper] as Key);
  kept.set(key.key_id, { ...key, ...told });
  return { api_key: token, key_id: key.key_id };
}

/** A new key with these scopes alone. */
export async function keyWith(...scopes: Scope[]): Promise<string> {
  return (await newKey({ scopes })).api_key;
}

/** Changes what the origin knows of a key. */
export function changeKey(key_id: string, change: Partial<ApiKey>): void {
  kept.set(key_id, { ...(kept.get(key_id) as ApiKey), ...change });
}

/** What the origin answers of a key. */
export function keyCopyOf({ url }: { url: URL }): Response {
  const key = kept.get(url.pathname.slice(KEYS_PATH.length + 1));
  return key
    ? new Response(packKey({ key, read_ms: Date.now() }))
    : new Response('{}', { status: 404, headers: { 'Content-Type': 'application/problem+json' } });
}
