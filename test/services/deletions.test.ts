import { expect, test } from 'vitest';
import { postgresDeletions } from '#backing/deletions/postgres.ts';
import { deletionOf, deletionsContract } from '../ports/deletions.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { collect } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { emptyPostgres, onPostgres } from './postgres.ts';

const { signal } = new AbortController();

onPostgres(() => {
  deletionsContract({ name: 'postgres', open: async () => postgresDeletions(await emptyPostgres()) });

  test('the dump is that of the embedded adapter', async () => {
    const [real, { deletions: embedded }] = [
      postgresDeletions(await emptyPostgres()),
      await embeddedStores(),
    ];
    for (let at = 0; at < 20; at++) {
      const one = deletionOf(newTenant());
      for (const deletions of [real, embedded]) {
        await deletions.register([one], signal);
        if (at % 2) await deletions.finish('graph', [one.deletion_id], one.forgotten_at, signal);
      }
    }
    expect(await collect(real.dump())).toEqual(await collect(embedded.dump()));
  });
});
