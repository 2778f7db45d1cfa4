import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from '#contract/development.ts';

export const ISSUER = DEVELOPMENT_ISSUER;
/** The issuer of that other tenant. */
export const FOREIGN_ISSUER = 'https://id.globex.test';
export const AUDIENCE = DEVELOPMENT_AUDIENCE;
/** A tenant the issuer speaks for, and one that it does not, although another issuer does. */
export const TENANT = 'acme';
export const FOREIGN_TENANT = 'globex';
export const EVERYTHING = 'recommendations:read events:write campaigns:read';

const known = await generateKeyPair('ES256');
const rsa = await generateKeyPair('RS256');
const stranger = await generateKeyPair('ES256', { extractable: true });

/** The issuer's published keys. The RSA one is published, and no algorithm of the issuer's uses it. */
export const jwks = {
  keys: [
    { ...(await exportJWK(known.publicKey)), kid: 'k1' },
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
  ],
};

export const issuers = [
  { issuer: ISSUER, tenants: [TENANT], audience: AUDIENCE, algorithms: ['ES256'], jwks },
  {
    issuer: FOREIGN_ISSUER,
    tenants: [FOREIGN_TENANT],
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwks: { keys: [{ ...(await exportJWK(stranger.publicKey)), kid: 'k1' }] },
  },
];

const signers = {
  known: { key: known.privateKey, header: { alg: 'ES256', kid: 'k1' } },
  rsa: { key: rsa.privateKey, header: { alg: 'RS256', kid: 'rsa' } },
  stranger: { key: stranger.privateKey, header: { alg: 'ES256', kid: 'k1' } },
  unpublished: { key: stranger.privateKey, header: { alg: 'ES256', kid: 'k9' } },
  embedded: {
    key: stranger.privateKey,
    header: {
      alg: 'ES256',
      kid: 'k1',
      jwk: await exportJWK(stranger.publicKey),
      jku: 'https://evil.test/jwks',
    },
  },
  /** What who confuses algorithms would take: HMAC under what is public. */
  confused: {
    key: new TextEncoder().encode(JSON.stringify(jwks.keys[0])),
    header: { alg: 'HS256', kid: 'k1' },
  },
  nameless: { key: known.privateKey, header: { alg: 'ES256' } },
};

/** A token, right in all but what is given. `exp_in_s` null leaves `exp` out. */
export async function token(
  sub: string,
  claims: JWTPayload = {},
  { by = 'known', exp_in_s = 7200 }: { by?: keyof typeof signers; exp_in_s?: number | null } = {},
): Promise<string> {
  const { key, header } = signers[by];
  const exp = exp_in_s === null ? {} : { exp: Math.floor(Date.now() / 1000) + exp_in_s };
  const payload = { iss: ISSUER, aud: AUDIENCE, sub, tenant: TENANT, scope: EVERYTHING, ...exp, ...claims };
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

const encode = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');

/** A token that says it needs no signature. */
export async function unsignedToken(sub: string): Promise<string> {
  const [, payload] = (await token(sub)).split('.');
  return `${encode({ alg: 'none', kid: 'k1' })}.${payload}.`;
}
