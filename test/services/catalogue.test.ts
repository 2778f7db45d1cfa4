import fc from 'fast-check';
import { expect, test } from 'vitest';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { catalogueContract } from '../ports/catalogue.contract.ts';
import { embeddedStores } from '../ports/stores.ts';
import { campaignArb, campaignArbOf, ODD_IDS, shuffles } from '../support/arbitraries.ts';
import { newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { bystander, emptyPostgres, migratedSchema, onPostgres, poolOn, waitingForLock } from './postgres.ts';

const { signal } = new AbortController();

onPostgres(() => {
  catalogueContract({ name: 'postgres', open: async () => postgresCatalogue(await emptyPostgres()) });

  test('whatever the campaigns and their batches, the dump is that of the embedded adapter', async () => {
    const [real, { catalogue: embedded }] = [
      postgresCatalogue(await emptyPostgres()),
      await embeddedStores(),
    ];
    const [ours, theirs] = [newLines(() => real.dump()), newLines(() => embedded.dump())];
    const campaign = fc.oneof(campaignArb, campaignArbOf({ campaign_id: fc.constantFrom(...ODD_IDS) }));
    const puts = fc
      .array(fc.record({ campaign, version: fc.nat({ max: 2 ** 48 }), deleted: fc.boolean() }))
      .chain(shuffles);
    await fc.assert(
      fc.asyncProperty(puts, async (batches) => {
        const tenant_id = newTenant();
        for (const batch of batches) {
          const entries = batch.map(({ campaign, version, deleted }) => {
            const { campaign_id } = campaign;
            return { tenant_id, campaign_id, version, campaign: deleted ? null : campaign };
          });
          await real.put(entries, signal);
          await embedded.put(entries, signal);
        }
        expect(await ours()).toEqual(await theirs());
      }),
    );
  });

  test('copies put in opposite orders at once never lock each other out', async () => {
    const [schema, tenant_id] = [await migratedSchema(), newTenant()];
    const pools = [0, 1, 2, 3].map(() => poolOn(schema));
    const ids = Array.from({ length: 500 }, (_, at) => `c-${at}`);
    const put = async ({ postgres }: (typeof pools)[number], which: number) => {
      for (let round = 0; round < 8; round++) {
        const entries = ids.map((campaign_id) => ({
          tenant_id,
          campaign_id,
          version: 4 * round + which,
          campaign: null,
        }));
        await postgresCatalogue(postgres).put(which % 2 ? entries : entries.reverse(), signal);
      }
    };
    await Promise.all(pools.map(put));
    expect(pools.flatMap(({ reports }) => reports)).toEqual([]);
  });

  test('a connection cut in the middle of a put: it is put by another connection', async () => {
    const [schema, by, tenant_id] = [await migratedSchema(), await bystander(), newTenant()];
    const { postgres, application_name, reports } = poolOn(schema);
    const catalogue = postgresCatalogue(postgres);
    await by.query(`BEGIN; LOCK TABLE ${schema}.campaigns IN EXCLUSIVE MODE`);
    const [campaign] = fc.sample(campaignArb, { numRuns: 1, seed: 1 });
    if (!campaign) throw new Error('There is no campaign');
    const { campaign_id } = campaign;
    const putting = catalogue.put([{ tenant_id, campaign_id, version: 1, campaign }], signal);
    await by.query('SELECT pg_terminate_backend($1)', await waitingForLock(by, application_name));
    await by.query('ROLLBACK');
    await putting;
    expect(reports).toHaveLength(1);
    expect(await catalogue.get(tenant_id, campaign_id, signal)).toEqual(campaign);
  });
});
