import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import * as v from 'valibot';
import { base64url } from '#contract/base64url.ts';
import type { SigningKey } from '#contract/signature.ts';
import { readJsonFile, writeJsonFileOnce } from './json-file.ts';

const PublicJwk = {
  kty: v.literal('EC'),
  crv: v.literal('P-256'),
  x: v.string(),
  y: v.string(),
  kid: v.string(),
  alg: v.literal('ES256'),
  use: v.literal('sig'),
};
const Secret = v.strictObject({ id: v.string(), secret: v.string() });
const Keys = v.strictObject({
  /** The development issuer's key pair: who holds `private` can make tokens. */
  issuer: v.strictObject({
    public: v.strictObject(PublicJwk),
    private: v.strictObject({ ...PublicJwk, d: v.string() }),
  }),
  origin: Secret,
  gateway: Secret,
});

/** The secrets of one data folder: they open nothing but what runs on it. */
export type Keys = v.InferOutput<typeof Keys>;

/** The keys of a data folder, made the first time. Throws Mendable where the file is broken. */
export async function readKeys(data: string): Promise<Keys> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const file = join(data, 'keys.json');
  const kept = readJsonFile(file, Keys);
  if (kept) return kept;
  writeJsonFileOnce(file, await makeKeys());
  return readJsonFile(file, Keys) as Keys;
}

/** What a data folder's API keys are kept under. It is derived, so that a folder of before there were any has one as well. */
export function pepperOf({ origin }: Keys): SigningKey {
  const secret = createHmac('sha256', origin.secret).update('edgewise API keys').digest();
  return { id: origin.id, secret: base64url(secret) };
}

async function makeKeys(): Promise<Keys> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const { d, ...bare } = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(bare);
  const open = { ...bare, kid, alg: 'ES256', use: 'sig' };
  const secret = () => base64url(randomBytes(32));
  return v.parse(Keys, {
    issuer: { public: open, private: { ...open, d } },
    origin: { id: `origin-${kid.slice(0, 8)}`, secret: secret() },
    gateway: { id: `gateway-${kid.slice(0, 8)}`, secret: secret() },
  });
}
