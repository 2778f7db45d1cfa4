import { expect, test } from 'vitest';
import { modelKind, placementKind } from '#backing/versioned/kinds.ts';
import { postgresVersioned } from '#backing/versioned/postgres.ts';
import { embeddedStores } from '../ports/stores.ts';
import { modelContent, placementContent, versionedContract } from '../ports/versioned.contract.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { bystander, emptyPostgres, migratedSchema, onPostgres, poolOn, waitingForLock } from './postgres.ts';

const { signal } = new AbortController();
const at = '2026-11-01T10:00:00.000Z';

onPostgres(() => {
  versionedContract({
    ...{ name: 'placements, postgres', content: placementContent },
    open: async () => postgresVersioned(await emptyPostgres(), placementKind),
  });
  versionedContract({
    ...{ name: 'models, postgres', content: modelContent },
    open: async () => postgresVersioned(await emptyPostgres(), modelKind),
  });

  test('the dump is that of the embedded adapter', async () => {
    const real = postgresVersioned(await emptyPostgres(), modelKind);
    const { models: embedded } = await embeddedStores();
    for (let i = 0; i < 12; i++) {
      const named = { tenant_id: newTenant(), name: `p-${i % 3}`, at };
      for (const models of [real, embedded]) {
        await models.add({ ...named, content: modelContent(i) }, signal);
        if (i % 2) await models.move({ ...named, version: 1, status: 'live' }, signal);
      }
    }
    expect(await collect(real.dump())).toEqual(await collect(embedded.dump()));
  });

  test('a connection cut in the middle of adding a version: it is added by another, once', async () => {
    const [schema, by, tenant_id] = [await migratedSchema(), await bystander(), newTenant()];
    const { postgres, application_name } = poolOn(schema);
    const placements = postgresVersioned(postgres, placementKind);
    await by.query(`BEGIN; LOCK TABLE ${schema}.placements IN EXCLUSIVE MODE`);
    const adding = placements.add({ tenant_id, name: 'home', content: placementContent(1), at }, signal);
    await by.query('SELECT pg_terminate_backend($1)', await waitingForLock(by, application_name));
    await by.query('ROLLBACK');
    expect((await adding).version).toBe(1);
    expect(await placements.of(tenant_id, {}, signal)).toHaveLength(1);
  });
});
