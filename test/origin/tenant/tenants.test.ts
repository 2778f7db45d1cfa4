import { expect, test } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openTenants } from '../../../origin/tenant/tenants.ts';
import { openWorld, topicsOfTalk } from '../world.ts';

async function counted() {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  const reads = { all: 0, versions: 0, daily: 0 };
  const failing = { now: false };
  const { catalogue, counters, versions } = world.stores;
  const errors: unknown[] = [];
  const tenants = openTenants({
    catalogue: {
      ...catalogue,
      async all(tenant_id, signal) {
        reads.all++;
        return catalogue.all(tenant_id, signal);
      },
    },
    counters: {
      ...counters,
      daily: async (...args) => {
        reads.daily++;
        if (failing.now) throw new Error('down');
        return counters.daily(...args);
      },
    },
    versions: {
      ...versions,
      async current(tenant_id, signal) {
        reads.versions++;
        return versions.current(tenant_id, signal);
      },
    },
    usual_version: hashingEmbedder.version,
    clock: world.clock,
    refresh_ms: 1000,
    onError: (error) => errors.push(error),
  });
  return { world, reads, failing, errors, tenants };
}

test('a hundred questions at once read a tenant once', async () => {
  const { tenants, reads } = await counted();
  await Promise.all(Array.from({ length: 100 }, () => tenants.get('acme', 1)));
  expect(reads).toEqual({ all: 1, versions: 1, daily: 1 });
});

test('campaigns are read again when the epoch has changed, and counts when they are old', async () => {
  const { tenants, reads, world } = await counted();
  await tenants.get('acme', 1);
  await tenants.get('acme', 2);
  expect(reads).toEqual({ all: 2, versions: 2, daily: 1 });
  world.time.now += 1000;
  await tenants.get('acme', 2);
  expect(reads).toEqual({ all: 2, versions: 2, daily: 2 });
});

test('counts that cannot be read again are given as they were, and said to be outdated after a minute', async () => {
  const { tenants, failing, errors, world } = await counted();
  await tenants.get('acme', 1);
  failing.now = true;
  world.time.now += 30_000;
  expect((await tenants.get('acme', 1)).outdated).toEqual([]);
  world.time.now += 60_000;
  expect((await tenants.get('acme', 1)).outdated).toEqual(['counters']);
  expect(errors.length).toBeGreaterThan(0);
});
