import type { DatabaseSync } from 'node:sqlite';
import type { Campaign } from '#contract/campaign.ts';
import { composite } from '#contract/ids.ts';
import { transaction } from '../sqlite.ts';
import type { Catalogue } from './port.ts';

/** A deleted campaign stays as a row without content, so that an older copy cannot bring it back. */
export const catalogueSchema = `
  CREATE TABLE IF NOT EXISTS campaigns (
    tenant_id TEXT NOT NULL, campaign_id TEXT NOT NULL, version INTEGER NOT NULL, campaign TEXT,
    PRIMARY KEY (tenant_id, campaign_id)
  ) WITHOUT ROWID`;

const ALL = 'SELECT * FROM campaigns ORDER BY tenant_id, campaign_id';

/** The catalogue in SQLite. */
export function embeddedCatalogue(db: DatabaseSync): Catalogue {
  const upsert = db.prepare(`
    INSERT INTO campaigns (tenant_id, campaign_id, version, campaign) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET version = excluded.version, campaign = excluded.campaign
    WHERE excluded.version > version`);
  const one = db.prepare('SELECT campaign FROM campaigns WHERE tenant_id = ? AND campaign_id = ?');
  const ofTenant = db.prepare(
    'SELECT campaign FROM campaigns WHERE tenant_id = ? AND campaign IS NOT NULL ORDER BY campaign_id',
  );
  const tenants = db.prepare('SELECT DISTINCT tenant_id FROM campaigns ORDER BY tenant_id');
  const versions = db.prepare(`
    SELECT campaign_id, version, campaign IS NULL AS deleted FROM campaigns
    WHERE tenant_id = ? AND campaign_id > ? ORDER BY campaign_id LIMIT ?`);
  const some = db.prepare(`
    SELECT campaign_id, version, campaign FROM campaigns
    WHERE tenant_id = ? AND campaign_id IN (SELECT value FROM json_each(?))`);
  return {
    async put(entries, signal) {
      signal.throwIfAborted();
      transaction(db, () => {
        for (const { tenant_id, campaign_id, version, campaign } of entries) {
          upsert.run(tenant_id, campaign_id, version, campaign && JSON.stringify(campaign));
        }
      });
    },
    async get(tenant_id, campaign_id, signal) {
      signal.throwIfAborted();
      const row = one.get(tenant_id, campaign_id);
      return row?.campaign ? (JSON.parse(row.campaign as string) as Campaign) : null;
    },
    async all(tenant_id, signal) {
      signal.throwIfAborted();
      return ofTenant.all(tenant_id).map((row) => JSON.parse(row.campaign as string) as Campaign);
    },
    async tenants(signal) {
      signal.throwIfAborted();
      return tenants.all().map((row) => row.tenant_id as string);
    },
    async versions(tenant_id, after, limit, signal) {
      signal.throwIfAborted();
      return versions.all(tenant_id, after, limit).map(({ campaign_id, version, deleted }) => ({
        campaign_id: campaign_id as string,
        version: version as number,
        deleted: deleted === 1,
      }));
    },
    async entries(tenant_id, campaign_ids, signal) {
      signal.throwIfAborted();
      return some.all(tenant_id, JSON.stringify(campaign_ids)).map(({ campaign_id, version, campaign }) => ({
        tenant_id,
        campaign_id: campaign_id as string,
        version: version as number,
        campaign: campaign === null ? null : (JSON.parse(campaign as string) as Campaign),
      }));
    },
    async *dump() {
      for (const row of db.prepare(ALL).iterate()) {
        yield `${composite('campaign', row.tenant_id as string, row.campaign_id as string)} ${row.campaign}`;
      }
    },
  };
}
