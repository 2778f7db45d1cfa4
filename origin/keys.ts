import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import type { SignedEnv } from '#backing/http/signed.ts';
import type { ApiKeys } from '#backing/keys/port.ts';
import { CreateKey, type ListedKey, type ListedKeys, type MadeKey, RotateKey } from '#contract/admin.ts';
import { type ApiKey, endOf, KEYS_PATH, KeyId, makeApiKey, packKey } from '#contract/api-key.ts';
import type { Clock } from '#contract/clock.ts';
import { parse } from '#contract/parse.ts';
import { Problem } from '#contract/problem.ts';
import type { Key } from '#contract/signature.ts';
import { adminOf } from './admin.ts';

/** The keys of tenants' servers, and what they are kept under; the first pepper keeps new ones. */
export type Control = { apiKeys: ApiKeys; peppers: readonly Key[] };

type KeyRoutesOptions = Control & {
  clock: Clock;
  /** Reads the JSON of a request's body. */
  jsonBody: (c: Asked) => unknown;
};

type Asked = Context<SignedEnv>;

/** A key as its owners see it: without what it is checked by. */
function listed({ pepper: _, digest: __, tenant_id: ___, ...rest }: ApiKey): ListedKey {
  return rest;
}

function keyIdOf(c: Asked): string {
  const key_id = c.req.param('key_id');
  if (!v.is(KeyId, key_id)) throw noSuchKey();
  return key_id;
}

const noSuchKey = () => new Problem('not-found', 'There is no such API key');

/** Adds the routes by which a tenant's keys are made, listed, rotated and revoked, and the edge's way to one of them. */
export function addKeyRoutes(app: Hono<SignedEnv>, { apiKeys, peppers, clock, jsonBody }: KeyRoutesOptions) {
  const instant = (ms: number) => new Date(ms).toISOString();

  function refusePast(at: string | null, pointer: string): void {
    if (at === null || Date.parse(at) > clock()) return;
    const detail = 'It is past already; choose a later moment';
    throw new Problem('invalid-request', `${pointer}: ${detail}`, { errors: [{ pointer, detail }] });
  }

  async function make(
    c: Asked,
    about: Pick<ApiKey, 'tenant_id' | 'name' | 'scopes' | 'expires_at'>,
  ): Promise<MadeKey> {
    const pepper = peppers[0] as Key;
    const { token, key } = await makeApiKey({ ...about, created_at: instant(clock()) }, pepper);
    await apiKeys.add(key, c.get('signal'));
    return { ...listed(key), api_key: token };
  }

  app.get('/v1/admin/keys', async (c) => {
    const keys: ListedKeys = { keys: (await apiKeys.of(adminOf(c), c.get('signal'))).map(listed) };
    return c.json(keys);
  });

  app.post('/v1/admin/keys', async (c) => {
    const tenant_id = adminOf(c);
    const { name, scopes, expires_at } = parse(CreateKey, jsonBody(c));
    refusePast(expires_at, '/expires_at');
    return c.json(await make(c, { tenant_id, name, scopes, expires_at }), 201);
  });

  app.post('/v1/admin/keys/:key_id/rotate', async (c) => {
    const [tenant_id, key_id] = [adminOf(c), keyIdOf(c)];
    const { old_expires_at } = parse(RotateKey, jsonBody(c));
    const old = await apiKeys.get(key_id, c.get('signal'));
    if (old?.tenant_id !== tenant_id) throw noSuchKey();
    if (endOf(old) <= clock()) {
      throw new Problem(
        'invalid-request',
        'The key has ended, so there is nothing to rotate; make a new one',
      );
    }
    const { name, scopes, expires_at } = old;
    const made = await make(c, { tenant_id, name, scopes, expires_at });
    // The new one first: whatever fails between the two leaves the holder with a key that works.
    await apiKeys.expire(tenant_id, key_id, old_expires_at ?? instant(clock()), c.get('signal'));
    return c.json(made, 201);
  });

  app.delete('/v1/admin/keys/:key_id', async (c) => {
    const [tenant_id, key_id] = [adminOf(c), keyIdOf(c)];
    const key = await apiKeys.revoke(tenant_id, key_id, instant(clock()), c.get('signal'));
    if (!key) throw noSuchKey();
    return c.json(listed(key));
  });

  app.get(`${KEYS_PATH}/:key_id`, async (c) => {
    const read_ms = clock();
    const key = await apiKeys.get(keyIdOf(c), c.get('signal'));
    if (!key) throw noSuchKey();
    return c.text(packKey({ key, read_ms }));
  });
}
