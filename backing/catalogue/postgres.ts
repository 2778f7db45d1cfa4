import type { Campaign } from '#contract/campaign.ts';
import { composite } from '#contract/ids.ts';
import type { Postgres } from '../postgres/open.ts';
import { pages } from '../postgres/pages.ts';
import type { Catalogue, CatalogueEntry, CatalogueVersion } from './port.ts';

const PUT = {
  name: 'catalogue.put',
  text: `
    INSERT INTO campaigns AS kept (tenant_id, campaign_id, version, campaign)
    SELECT tenant_id, campaign_id, version, campaign
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY
      AS entry (tenant_id, campaign_id, version, campaign, place)
    ORDER BY place
    ON CONFLICT (tenant_id, campaign_id)
    DO UPDATE SET version = excluded.version, campaign = excluded.campaign WHERE excluded.version > kept.version`,
};
const GET = {
  name: 'catalogue.get',
  text: 'SELECT campaign FROM campaigns WHERE tenant_id = $1 AND campaign_id = $2 AND campaign IS NOT NULL',
};
const ALL = {
  name: 'catalogue.all',
  text: 'SELECT campaign FROM campaigns WHERE tenant_id = $1 AND campaign IS NOT NULL ORDER BY campaign_id',
};
/** From tenant to tenant by the index, since each has many rows. */
const TENANTS = {
  name: 'catalogue.tenants',
  text: `
    WITH RECURSIVE found AS (
      (SELECT tenant_id FROM campaigns ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT tenant_id FROM campaigns WHERE tenant_id > found.tenant_id ORDER BY tenant_id LIMIT 1)
      FROM found WHERE found.tenant_id IS NOT NULL
    )
    SELECT tenant_id FROM found WHERE tenant_id IS NOT NULL`,
};
const VERSIONS = {
  name: 'catalogue.versions',
  text: `
    SELECT campaign_id, version, campaign IS NULL AS deleted FROM campaigns
    WHERE tenant_id = $1 AND campaign_id > $2 ORDER BY campaign_id LIMIT $3`,
};
const ENTRIES = {
  name: 'catalogue.entries',
  text: `
    SELECT campaign_id, version, campaign FROM campaigns
    WHERE tenant_id = $1 AND campaign_id = ANY ($2::text[])`,
};
const PAGE = {
  name: 'catalogue.page',
  text: `
    SELECT tenant_id, campaign_id, campaign FROM campaigns WHERE (tenant_id, campaign_id) > ($1, $2)
    ORDER BY tenant_id, campaign_id LIMIT $3`,
};

type Row = { tenant_id: string; campaign_id: string; campaign: string | null };

/**
 * The newest of each campaign, since a statement can write a row only once; and in one order, so that batches
 * that meet wait for each other instead of locking each other out.
 */
function newest(entries: readonly CatalogueEntry[]): CatalogueEntry[] {
  const kept = new Map<string, CatalogueEntry>();
  for (const entry of entries) {
    const key = composite(entry.tenant_id, entry.campaign_id);
    const other = kept.get(key);
    if (!other || entry.version > other.version) kept.set(key, entry);
  }
  return [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}

/** The catalogue in PostgreSQL. */
export function postgresCatalogue(postgres: Postgres): Catalogue {
  return {
    async put(entries, signal) {
      const rows = newest(entries);
      const values = [
        rows.map(({ tenant_id }) => tenant_id),
        rows.map(({ campaign_id }) => campaign_id),
        rows.map(({ version }) => version),
        rows.map(({ campaign }) => campaign && JSON.stringify(campaign)),
      ];
      await postgres.write(PUT, values, signal);
    },
    async get(tenant_id, campaign_id, signal) {
      const [row] = await postgres.query<{ campaign: string }>(GET, [tenant_id, campaign_id], signal);
      return row ? (JSON.parse(row.campaign) as Campaign) : null;
    },
    async all(tenant_id, signal) {
      const rows = await postgres.query<{ campaign: string }>(ALL, [tenant_id], signal);
      return rows.map(({ campaign }) => JSON.parse(campaign) as Campaign);
    },
    async tenants(signal) {
      const rows = await postgres.query<{ tenant_id: string }>(TENANTS, [], signal);
      return rows.map(({ tenant_id }) => tenant_id);
    },
    async versions(tenant_id, after, limit, signal) {
      const rows = await postgres.query<CatalogueVersion>(VERSIONS, [tenant_id, after, limit], signal);
      return rows.map(({ campaign_id, version, deleted }) => ({
        campaign_id,
        version: Number(version),
        deleted,
      }));
    },
    async entries(tenant_id, campaign_ids, signal) {
      const rows = await postgres.query<Row & { version: number }>(
        ENTRIES,
        [tenant_id, campaign_ids],
        signal,
      );
      return rows.map(({ campaign_id, version, campaign }) => ({
        tenant_id,
        campaign_id,
        version: Number(version),
        campaign: campaign === null ? null : (JSON.parse(campaign) as Campaign),
      }));
    },
    dump() {
      return postgres.snapshot(async function* (ask) {
        const keyOf = ({ tenant_id, campaign_id }: Row) => [tenant_id, campaign_id];
        for await (const row of pages<Row>(ask, PAGE, keyOf, 2)) {
          yield `${composite('campaign', ...keyOf(row))} ${row.campaign}`;
        }
      });
    },
  };
}
