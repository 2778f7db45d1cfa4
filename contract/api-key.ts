import * as v from 'valibot';
import { base64url, fromBase64url } from './base64url.ts';
import { type Caller, SCOPES } from './caller.ts';
import { TenantId } from './ids.ts';
import type { Key } from './signature.ts';
import { Instant } from './values.ts';

/*
 * API keys: `ew_<key id>_<secret>`, for a tenant's own servers. What is kept of one is the HMAC of all of it under
 * a pepper, so that neither the table nor its copies can be used as keys, nor searched for them.
 */

export const KeyId = v.pipe(v.string(), v.regex(/^[a-f0-9]{16}$/, 'A key id is 16 of 0-9 and a-f'));
export const Scope = v.picklist(SCOPES, `A scope is one of ${SCOPES.join(', ')}`);

/** What people call a key. */
export const KeyName = v.pipe(
  v.string(),
  v.regex(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the document's readers of patterns know of no \p{Cc}
    /^[^\x00-\x1f\x7f-\x9f]{1,128}$/u,
    'A name is 1 to 128 characters, none of them a control character',
  ),
  v.check((name) => name.isWellFormed(), 'A name has a lone surrogate, which is no character'),
);

/** What is kept of a key: whose it is, what it may, until when, and what its holder must know. */
export const ApiKey = v.strictObject({
  key_id: KeyId,
  tenant_id: TenantId,
  name: KeyName,
  scopes: v.array(Scope),
  created_at: Instant,
  expires_at: v.nullable(Instant),
  revoked_at: v.nullable(Instant),
  /** The id of the pepper that the digest was made under. */
  pepper: v.string(),
  digest: v.string(),
});
export type ApiKey = v.InferOutput<typeof ApiKey>;

const SECRET_BYTES = 32;
const TOKEN = /^ew_([a-f0-9]{16})_[A-Za-z0-9_-]{43}$/;

/** True for what means to be an API key. */
export function isApiKey(token: string): boolean {
  return token.startsWith('ew_');
}

/** The id in an API key; null where it is not of the form of one. */
export function keyIdOf(token: string): string | null {
  return TOKEN.exec(token)?.[1] ?? null;
}

const encoder = new TextEncoder();

/** A new key: what its holder gets, this once, and what is kept of it. */
export async function makeApiKey(
  about: Pick<ApiKey, 'tenant_id' | 'name' | 'scopes' | 'created_at' | 'expires_at'>,
  pepper: Key,
): Promise<{ token: string; key: ApiKey }> {
  const id = crypto.getRandomValues(new Uint8Array(8));
  const key_id = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const token = `ew_${key_id}_${base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
  const mac = await crypto.subtle.sign('HMAC', pepper.hmac, encoder.encode(token));
  const digest = base64url(new Uint8Array(mac));
  return { token, key: { ...about, key_id, revoked_at: null, pepper: pepper.id, digest } };
}

/** True where a token is the key that this was kept of. Takes as long whichever byte differs. */
export async function isTokenOf(
  token: string,
  { pepper, digest }: ApiKey,
  peppers: readonly Key[],
): Promise<boolean> {
  const key = peppers.find(({ id }) => id === pepper);
  const mac = fromBase64url(digest);
  return key && mac ? crypto.subtle.verify('HMAC', key.hmac, mac, encoder.encode(token)) : false;
}

/** When a key ends, or ended, in ms; never is infinite. */
export function endOf({ expires_at, revoked_at }: ApiKey): number {
  const ends = [expires_at, revoked_at].filter((at) => at !== null).map((at) => Date.parse(at));
  return Math.min(...ends);
}

/** What was read of a key, and when, so that whoever is handed it on can tell how long to believe it. */
export type KeyCopy = { key: ApiKey; read_ms: number };

/** What was read so long ago is believed no longer: a key that was revoked since dies within a minute, everywhere. */
export const BELIEVED_MS = 55_000;

/** Where the copy of a key stands in Redis. */
export function keyCopyKey(key_id: string): string {
  return `edgewise:key:${key_id}`;
}

/** A copy as text: a line with the moment it was read, so that a store's own script can compare; then the key as JSON. */
export function packKey({ key, read_ms }: KeyCopy): string {
  return `${read_ms}\n${JSON.stringify(key)}`;
}

/** The copy that a text holds; null where it is none, of another format, or no longer to be believed. */
export function unpackKey(packed: string | null, now_ms: number): KeyCopy | null {
  const [, read, json] = /^(\d{1,15})\n(\{.*\})$/.exec(packed ?? '') ?? [];
  if (!read || !json || Number(read) + BELIEVED_MS <= now_ms) return null;
  try {
    const result = v.safeParse(ApiKey, JSON.parse(json));
    return result.success ? { key: result.output, read_ms: Number(read) } : null;
  } catch {
    return null;
  }
}

/** The path at the origin that answers a key's copy as text, signed; the key's id follows. */
export const KEYS_PATH = '/internal/keys';

/** Who asks for a key, before it is known whose the key is. */
export const NOBODY_YET: Caller = { tenant_id: '-', subject: null, scopes: [] };
