import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { ApiKeys } from '#backing/keys/port.ts';
import { postgresKeys } from '#backing/keys/postgres.ts';
import { openCopiedKeys } from '#backing/keys/redis.ts';
import { keyCopyKey, unpackKey } from '#contract/api-key.ts';
import { apiKey, keysContract } from '../ports/keys.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { onService } from './on-service.ts';
import { emptyPostgres, onPostgres } from './postgres.ts';

const { signal } = new AbortController();

onPostgres(() => keysContract({ name: 'postgres', open: async () => postgresKeys(await emptyPostgres()) }));

onService({ name: 'Redis', variable: 'REDIS_URL', up: 'redis' }, (url) => {
  const client = () => {
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    return redis;
  };

  function copied(keys: ApiKeys, { clock = Date.now, address = url } = {}) {
    const reports: Readonly<Record<string, unknown>>[] = [];
    const report = (line: Readonly<Record<string, unknown>>) => void reports.push(line);
    const opened = openCopiedKeys({ keys, url: address, clock, report });
    onTestFinished(() => opened.close());
    return { keys: opened, reports };
  }

  /** An id that no other run has, since all share one Redis. */
  const newId = () => crypto.randomUUID().replaceAll('-', '').slice(0, 16);

  async function connected(redis: Redis, keys: ApiKeys, key_id: string) {
    await expect
      .poll(async () => {
        await keys.get(key_id, signal);
        return redis.get(keyCopyKey(key_id));
      })
      .not.toBeNull();
  }

  keysContract({
    name: 'copied to Redis',
    open: async () => copied((await embeddedStores()).apiKeys).keys,
  });

  test('a key that is read has a copy for less than a minute, with the moment before it was read', async () => {
    const redis = client();
    const { keys } = copied((await embeddedStores()).apiKeys);
    const key = apiKey({ key_id: newId() });
    await keys.add(key, signal);
    const before_ms = Date.now();
    await connected(redis, keys, key.key_id);
    const copy = unpackKey(await redis.get(keyCopyKey(key.key_id)), Date.now());
    expect(copy?.key).toEqual(key);
    expect(copy?.read_ms).toBeGreaterThanOrEqual(before_ms);
    const lives_ms = await redis.pttl(keyCopyKey(key.key_id));
    expect(lives_ms).toBeGreaterThan(0);
    expect(lives_ms).toBeLessThan(60_000);
  });

  test('the copy of a key that was revoked says so, and no reader of before puts an older one in its place', async () => {
    const redis = client();
    const { apiKeys } = await embeddedStores();
    const key = apiKey({ key_id: newId() });
    await apiKeys.add(key, signal);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: ApiKeys = {
      ...apiKeys,
      async get(...args) {
        const read = await apiKeys.get(...args);
        await held;
        return read;
      },
    };
    const { keys } = copied(apiKeys);
    const { keys: late } = copied(slow);
    await connected(redis, keys, key.key_id);
    const reading = late.get(key.key_id, signal);
    await keys.revoke('acme', key.key_id, new Date().toISOString(), signal);
    release();
    expect((await reading)?.revoked_at).toBeNull();
    const copy = unpackKey(await redis.get(keyCopyKey(key.key_id)), Date.now());
    expect(copy?.key.revoked_at).not.toBeNull();
  });

  test('without Redis keys are read and revoked all the same, and no report tells a digest', async () => {
    const { hostname, port } = new URL(url);
    const proxy = await faultProxy({ host: hostname, port: Number(port) });
    onTestFinished(() => proxy.close());
    const address = Object.assign(new URL(url), { host: `127.0.0.1:${proxy.port}` }).href;
    await proxy.close();
    const { keys, reports } = copied((await embeddedStores()).apiKeys, { address });
    const key = apiKey({ key_id: newId(), digest: 'a-digest-to-find' });
    await keys.add(key, signal);
    expect(await keys.get(key.key_id, signal)).toEqual(key);
    expect((await keys.revoke('acme', key.key_id, key.created_at, signal))?.revoked_at).toBe(key.created_at);
    expect(reports.length).toBeGreaterThan(0);
    expect(JSON.stringify(reports)).not.toContain('a-digest-to-find');
  });
});
