import { expect, test } from 'vitest';
import { postgresPlacements } from '#backing/placements/postgres.ts';
import { content, placementsContract } from '../ports/placements.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { bystander, emptyPostgres, migratedSchema, onPostgres, poolOn, waitingForLock } from './postgres.ts';

const { signal } = new AbortController();
const at = '2026-11-01T10:00:00.000Z';

onPostgres(() => {
  placementsContract({ name: 'postgres', open: async () => postgresPlacements(await emptyPostgres()) });

  test('the dump is that of the embedded adapter', async () => {
    const real = postgresPlacements(await emptyPostgres());
    const { placements: embedded } = await embeddedStores();
    for (let i = 0; i < 12; i++) {
      const named = { tenant_id: newTenant(), placement: `p-${i % 3}`, at };
      for (const placements of [real, embedded]) {
        await placements.add({ ...named, content: content(i) }, signal);
        if (i % 2) await placements.move({ ...named, version: 1, status: 'live' }, signal);
      }
    }
    expect(await collect(real.dump())).toEqual(await collect(embedded.dump()));
  });

  test('a connection cut in the middle of adding a version: it is added by another, once', async () => {
    const [schema, by, tenant_id] = [await migratedSchema(), await bystander(), newTenant()];
    const { postgres, application_name } = poolOn(schema);
    const placements = postgresPlacements(postgres);
    await by.query(`BEGIN; LOCK TABLE ${schema}.placements IN EXCLUSIVE MODE`);
    const adding = placements.add({ tenant_id, placement: 'home', content: content(), at }, signal);
    await by.query('SELECT pg_terminate_backend($1)', await waitingForLock(by, application_name));
    await by.query('ROLLBACK');
    expect((await adding).version).toBe(1);
    expect(await placements.of(tenant_id, signal)).toHaveLength(1);
  });
});
