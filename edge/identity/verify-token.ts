import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, type LocalJWKSet } from 'jose';
import * as v from 'valibot';
import { type Caller, readScopes } from '#contract/caller.ts';
import type { Clock } from '#contract/clock.ts';
import { Id, TenantId } from '#contract/ids.ts';
import type { Issuer } from '../config.ts';
import type { KeySets } from './key-sets.ts';
import { unauthenticated } from './unauthenticated.ts';

const LEEWAY_S = 30;
const LONGEST_S = 24 * 3600;

/** Who a token speaks for, and until when. */
export type Verified = { caller: Caller; expires_ms: number };

const Claims = v.object({
  sub: Id,
  tenant: TenantId,
  scope: v.optional(v.pipe(v.string(), v.maxLength(4096)), ''),
  exp: v.number(),
});

/** What to tell who sent a token that does not hold. The claim's name is told, never its value. */
function detailOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired; get a new one';
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'The token is signed by an algorithm that its issuer does not use';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not fit";
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'The token is signed by a key that its issuer does not publish';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The token's claim "${error.claim}" is missing or does not fit`;
  return 'The token is not a JWT that can be read';
}

function readUnverified(token: string): { iss: unknown; kid: unknown } {
  try {
    return { iss: decodeJwt(token).iss, kid: decodeProtectedHeader(token).kid };
  } catch {
    throw unauthenticated('The token is not a JWT that can be read');
  }
}

async function payloadOf(
  token: string,
  issuer: Issuer,
  keys: LocalJWKSet,
  now_ms: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: [...issuer.algorithms],
      clockTolerance: LEEWAY_S,
      requiredClaims: ['exp', 'sub', 'tenant'],
      currentDate: new Date(now_ms),
    });
    return payload;
  } catch (error) {
    throw unauthenticated(detailOf(error));
  }
}

/**
 * Reads and checks a JWT: signed by a key of a known issuer, for its audience, with its algorithms, for a
 * tenant that it may speak for, and ending within 24 h. Keys are those the configuration names; `jku`, `x5u`
 * and `jwk` in the header are not looked at. Throws `unauthenticated`, or `unavailable` without the keys.
 */
export function tokenVerifier({
  issuers,
  keySets,
  clock,
}: {
  issuers: readonly Issuer[];
  keySets: KeySets;
  clock: Clock;
}) {
  const byName = new Map(issuers.map((issuer) => [issuer.issuer, issuer]));

  return async (token: string, waitUntil: (work: Promise<unknown>) => void): Promise<Verified> => {
    const { iss, kid } = readUnverified(token);
    const issuer = typeof iss === 'string' ? byName.get(iss) : undefined;
    if (!issuer) throw unauthenticated('The token is by an issuer that is not known here');
    if (typeof kid !== 'string') throw unauthenticated('The token does not say which key signed it ("kid")');
    const payload = await payloadOf(token, issuer, await keySets.of(issuer, kid, waitUntil), clock());
    const claims = v.safeParse(Claims, payload);
    if (!claims.success) {
      throw unauthenticated(
        `The token's claim "${v.getDotPath(claims.issues[0])}" is missing or does not fit`,
      );
    }
    const { sub, tenant, scope, exp } = claims.output;
    if (!(exp <= clock() / 1000 + LONGEST_S + LEEWAY_S)) {
      throw unauthenticated('The token ends more than 24 hours ahead; get one that lives shorter');
    }
    if (!issuer.tenants.includes(tenant))
      throw unauthenticated('The issuer of the token does not speak for that tenant');
    const caller = { tenant_id: tenant, subject: sub, scopes: readScopes(scope) };
    return { caller, expires_ms: (exp + LEEWAY_S) * 1000 };
  };
}
