import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER } from '#contract/development.ts';
import { importKeys } from '#contract/signature.ts';
import { readKeys } from '../../infra/local/folder/keys.ts';
import { signToken } from '../../infra/local/folder/sign-token.ts';
import { temporaryFolder } from '../support/folder.ts';

const NOW_MS = Date.parse('2026-11-23T20:00:00Z');

it('a token names its person, tenant and scopes, holds as long as was asked, and is of this folder alone', async () => {
  const [keys, others] = [await readKeys(await temporaryFolder()), await readKeys(await temporaryFolder())];
  const person = { tenant_id: 'demo', user_id: '|trey|' };
  const scopes = ['recommendations:read', 'events:write'] as const;
  const token = await signToken({ keys, ...person, scopes, lifetime_s: 60, now_ms: NOW_MS });
  const check = (by: typeof keys, after_s: number) =>
    jwtVerify(token, createLocalJWKSet({ keys: [by.issuer.public] }), {
      issuer: DEVELOPMENT_ISSUER,
      audience: DEVELOPMENT_AUDIENCE,
      currentDate: new Date(NOW_MS + after_s * 1000),
    });

  const { payload } = await check(keys, 59);
  expect(payload).toMatchObject({
    sub: '|trey|',
    tenant: 'demo',
    scope: 'recommendations:read events:write',
  });
  await expect(check(keys, 61)).rejects.toThrow(errors.JWTExpired);
  await expect(check(others, 59)).rejects.toThrow(errors.JWKSNoMatchingKey);
});

it('the keys of a folder are made once, whoever asks first, and are for its owner alone', async () => {
  const data = join(await temporaryFolder(), 'data');
  const [first, ...others] = await Promise.all([readKeys(data), readKeys(data), readKeys(data)]);
  for (const keys of others) expect(keys).toEqual(first);
  expect(await readKeys(data)).toEqual(first);
  expect((await stat(join(data, 'keys.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
});

it('the keys of a folder are such as the tiers take, and the private one is no part of the public one', async () => {
  const { issuer, origin, gateway } = await readKeys(await temporaryFolder());
  await expect(importKeys([origin, gateway])).resolves.toHaveLength(2);
  expect(origin.secret).not.toBe(gateway.secret);
  expect(issuer.public).not.toHaveProperty('d');
});
