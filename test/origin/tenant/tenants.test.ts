import { expect, test, vi } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { openTenants } from '../../../origin/tenant/tenants.ts';
import { openWorld, signal, topicsOfTalk } from '../world.ts';

async function counted() {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  const reads = { all: 0, versions: 0, daily: 0 };
  const failing = { now: false, hanging: Promise.resolve() };
  const { catalogue, counters, versions } = world.stores;
  const errors: unknown[] = [];
  const tenants = openTenants({
    catalogue: {
      ...catalogue,
      async all(tenant_id, signal) {
        reads.all++;
        await failing.hanging;
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
    placements: world.stores.placements,
    models: world.stores.models,
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
    patience_ms: 100,
    onError: (error) => errors.push(error),
  });
  return {
    ...{ world, reads, failing, errors, tenants },
    async read(epoch: number) {
      await Promise.all([tenants.underEpoch('acme', epoch, signal), tenants.counts('acme', signal)]);
    },
  };
}

test('a hundred questions at once read a tenant once', async () => {
  const { read, reads } = await counted();
  await Promise.all(Array.from({ length: 100 }, () => read(1)));
  expect(reads).toEqual({ all: 1, versions: 1, daily: 2 });
});

test('campaigns are read again when the epoch has changed, and counts when they are old', async () => {
  const { read, reads, world } = await counted();
  await read(1);
  await read(2);
  expect(reads).toEqual({ all: 2, versions: 2, daily: 2 });
  world.time.now += 1000;
  await read(2);
  expect(reads).toEqual({ all: 2, versions: 2, daily: 3 });
});

test('while the epoch is not known, campaigns are read again once a second', async () => {
  const { read, reads, world } = await counted();
  for (let i = 0; i < 10; i++) await read(0);
  expect(reads.all).toBe(1);
  world.time.now += 1000;
  for (let i = 0; i < 10; i++) await read(0);
  expect(reads.all).toBe(2);
});

test('counts that cannot be read again are given as they were for seconds, then only as the last there are, with their age', async () => {
  const { tenants, read, failing, errors, world } = await counted();
  await read(1);
  failing.now = true;
  world.time.now += 4000;
  expect((await tenants.counts('acme', signal)).as_of_ms).toBe(world.time.now - 4000);
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  world.time.now += 4000;
  await expect(tenants.counts('acme', signal)).rejects.toThrow('down');
  expect(tenants.lastCounts('acme')?.age_ms).toBe(8000);
  expect(errors).toHaveLength(2);
});

test('after a failure nobody waits for another try within half a second', async () => {
  const { tenants, read, reads, failing, world } = await counted();
  await read(1);
  failing.now = true;
  world.time.now += 60_000;
  await expect(tenants.counts('acme', signal)).rejects.toThrow('down');
  const { daily } = reads;
  await expect(tenants.counts('acme', signal)).rejects.toMatchObject({ code: 'not_read_yet' });
  expect(reads.daily).toBe(daily);
  failing.now = false;
  world.time.now += 500;
  expect((await tenants.counts('acme', signal)).as_of_ms).toBe(world.time.now);
});

test('nobody else waits for a read that goes on for too long, and what it brings counts once it is there', async () => {
  const { tenants, failing, read, world } = await counted();
  await read(1);
  let arrive = () => {};
  failing.hanging = new Promise((resolve) => {
    arrive = resolve;
  });
  const first = tenants.underEpoch('acme', 2, signal);
  world.time.now += 101;
  await expect(tenants.underEpoch('acme', 2, signal)).rejects.toMatchObject({ code: 'not_read_yet' });
  expect(tenants.lastUnderEpoch('acme')?.value.campaigns.size).toBe(4);
  arrive();
  await first;
  await tenants.underEpoch('acme', 2, signal);
});
