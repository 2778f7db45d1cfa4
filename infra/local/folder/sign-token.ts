import { importJWK, SignJWT } from 'jose';
import type { Scope } from '#contract/caller.ts';
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from '#contract/development.ts';
import type { Keys } from './keys.ts';

export type TokenOptions = {
  keys: Keys;
  tenant_id: string;
  user_id: string;
  scopes: readonly Scope[];
  lifetime_s: number;
  now_ms: number;
};

/** A person's token by the development issuer, for a Worker that runs on the same data folder. */
export async function signToken({
  keys,
  tenant_id,
  user_id,
  scopes,
  lifetime_s,
  now_ms,
}: TokenOptions): Promise<string> {
  const { private: key } = keys.issuer;
  const now_s = Math.floor(now_ms / 1000);
  return new SignJWT({ tenant: tenant_id, scope: scopes.join(' ') })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .setIssuer(DEVELOPMENT_ISSUER)
    .setAudience(DEVELOPMENT_AUDIENCE)
    .setSubject(user_id)
    .setIssuedAt(now_s)
    .setExpirationTime(now_s + lifetime_s)
    .sign(await importJWK(key, key.alg));
}
