import { expect, test } from 'vitest';
import { postgresVersions } from '#backing/versions/postgres.ts';
import { embeddedStores } from '../ports/stores.ts';
import { versionsContract } from '../ports/versions.contract.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { bystander, emptyPostgres, migratedSchema, onPostgres, poolOn, waitingForLock } from './postgres.ts';

const { signal } = new AbortController();
const to = { id: 'v', dimension: 384, metric: 'cosine', digest: 'd' } as const;

onPostgres(() => {
  versionsContract({ name: 'postgres', open: async () => postgresVersions(await emptyPostgres()) });

  test('the dump is that of the embedded adapter', async () => {
    const [real, { versions: embedded }] = [postgresVersions(await emptyPostgres()), await embeddedStores()];
    for (let i = 0; i < 20; i++) {
      const change = { tenant_id: newTenant(), from: null, to: { ...to, id: `v${i % 3}` } };
      for (const versions of [real, embedded]) await versions.switch(change, signal);
    }
    expect(await collect(real.dump())).toEqual(await collect(embedded.dump()));
  });

  test('a connection cut in the middle of a switch: it is made by another, and told as made', async () => {
    const [schema, by, tenant_id] = [await migratedSchema(), await bystander(), newTenant()];
    const { postgres, application_name, reports } = poolOn(schema);
    const versions = postgresVersions(postgres);
    await by.query(`BEGIN; LOCK TABLE ${schema}.embedding_versions IN EXCLUSIVE MODE`);
    const switching = versions.switch({ tenant_id, from: null, to }, signal);
    await by.query('SELECT pg_terminate_backend($1)', await waitingForLock(by, application_name));
    await by.query('ROLLBACK');
    expect(await switching).toBe(true);
    expect(reports).toHaveLength(1);
    expect(await versions.current(tenant_id, signal)).toEqual(to);
  });
});
