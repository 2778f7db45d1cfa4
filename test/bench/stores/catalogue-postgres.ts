import type { CatalogueEntry } from '#backing/catalogue/port.ts';
import { postgresCatalogue } from '#backing/catalogue/postgres.ts';
import { CAMPAIGNS, campaignAt, TENANT } from '../support/events.ts';
import { bare, needs, ours, type PostgresPlace, preparedSchema } from '../support/postgres.ts';
import { calling, type StoreBench } from '../support/store-bench.ts';

const { signal } = new AbortController();
const BATCH = 100;

const campaigns = Array.from({ length: CAMPAIGNS }, (_, at) => campaignAt(at));

/** Newer versions of some campaigns, or at 0 of all. */
function entries(at: number, count = BATCH): CatalogueEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const campaign = campaigns[(at * count + i) % CAMPAIGNS] as (typeof campaigns)[number];
    return {
      tenant_id: TENANT,
      campaign_id: campaign.campaign_id,
      version: Date.now() * 1000 + at,
      campaign,
    };
  });
}

export const store: StoreBench<PostgresPlace> = {
  name: 'catalogue on PostgreSQL',
  needs,
  operations: [
    { name: 'put', holds: `${BATCH} campaigns of 1 kB`, items: BATCH, clients: 1 },
    { name: 'get', holds: '1 campaign of 1 kB', items: 1, clients: 8 },
    { name: 'all', holds: `${CAMPAIGNS} campaigns of 1 kB`, items: CAMPAIGNS, clients: 1 },
  ],
  prepare: () => preparedSchema((postgres) => postgresCatalogue(postgres).put(entries(0, CAMPAIGNS), signal)),

  adapter: async (place) =>
    ours(place, (postgres) => {
      const catalogue = postgresCatalogue(postgres);
      return {
        put: calling((at) => catalogue.put(entries(at), signal)),
        get: calling((at) => catalogue.get(TENANT, `campaign-${at % CAMPAIGNS}`, signal)),
        all: calling(() => catalogue.all(TENANT, signal)),
      };
    }),

  raw: async (place) =>
    bare(place, (pool) => {
      const text = `
        INSERT INTO campaigns AS kept (tenant_id, campaign_id, version, campaign)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
        ON CONFLICT (tenant_id, campaign_id)
        DO UPDATE SET version = excluded.version, campaign = excluded.campaign WHERE excluded.version > kept.version`;
      const put = (rows: readonly CatalogueEntry[]) =>
        pool.query({
          name: 'put',
          text,
          values: [
            rows.map(({ tenant_id }) => tenant_id),
            rows.map(({ campaign_id }) => campaign_id),
            rows.map(({ version }) => version),
            rows.map(({ campaign }) => JSON.stringify(campaign)),
          ],
        });
      const where = 'SELECT campaign FROM campaigns WHERE tenant_id = $1';
      const get = { name: 'get', text: `${where} AND campaign_id = $2` };
      const all = { name: 'all', text: `${where} ORDER BY campaign_id` };
      const read = async (query: typeof get, values: string[]) =>
        (await pool.query({ ...query, values })).rows.map(({ campaign }) => JSON.parse(campaign));
      return {
        put: calling((at) => put(entries(at))),
        get: calling((at) => read(get, [TENANT, `campaign-${at % CAMPAIGNS}`])),
        all: calling(() => read(all, [TENANT])),
      };
    }),
};
