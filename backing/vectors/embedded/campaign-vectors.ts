import type { DatabaseSync } from 'node:sqlite';
import { type Campaign, isOn } from '#contract/campaign.ts';
import type { CampaignHit, CampaignSearch, Vectors } from '../port.ts';
import { quantiseFinely, restore } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { heldMatrices } from './held-matrices.ts';
import { fineOf } from './schema.ts';
import type { StoredVersions } from './stored-versions.ts';

function fitting({ on_at_ms, locale }: Pick<CampaignSearch, 'on_at_ms' | 'locale'>) {
  return (campaign: Campaign) =>
    isOn(campaign, on_at_ms) &&
    (locale === null || campaign.locales.length === 0 || campaign.locales.includes(locale));
}

/** What the port promises of campaigns. */
export function campaignVectors(
  db: DatabaseSync,
  versions: StoredVersions,
  arena: Arena,
): Pick<
  Vectors,
  'putCampaigns' | 'nearestCampaigns' | 'campaignsExactly' | 'campaign' | 'campaignVersions'
> & {
  letGo(): void;
} {
  const put = db.prepare(`
    INSERT INTO campaign_vectors (version, tenant_id, campaign_id, campaign_version, campaign, vector, rest)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET campaign_version = excluded.campaign_version, campaign = excluded.campaign,
      vector = excluded.vector, rest = excluded.rest
    WHERE excluded.campaign_version > campaign_version`);
  const one = db.prepare(
    'SELECT vector, rest FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND campaign_id = ?',
  );
  const some = db.prepare(`
    SELECT campaign_id, campaign_version, vector IS NULL AS deleted FROM campaign_vectors
    WHERE version = ? AND tenant_id = ? AND campaign_id IN (SELECT value FROM json_each(?))`);
  const ofTenant = db.prepare(
    'SELECT campaign_id, campaign, vector, rest FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND vector IS NOT NULL',
  );

  const held = heldMatrices<string, Campaign, CampaignHit>({
    arena,
    orderOf: ({ campaign_id }) => campaign_id,
    hitOf: ({ campaign_id }, similarity) => ({ campaign_id, similarity }),
    *rows({ id }, tenant_id) {
      for (const row of ofTenant.iterate(id, tenant_id)) {
        const campaign = JSON.parse(row.campaign as string) as Campaign;
        yield [row.campaign_id as string, fineOf(row), campaign];
      }
    },
  });

  return {
    async putCampaigns(version, rows, signal) {
      signal.throwIfAborted();
      versions.check(
        version,
        rows.flatMap((row) => (row.campaign ? [row.vector] : [])),
      );
      const changed = versions.write(version, () =>
        rows.flatMap((row) => {
          const { tenant_id, campaign_id, campaign } = row;
          const vector = row.campaign && quantiseFinely(row.vector);
          const key = [version.id, tenant_id, campaign_id] as const;
          const { changes } = put.run(
            ...key,
            row.version,
            campaign && JSON.stringify(campaign),
            vector?.bytes ?? null,
            vector?.rest ?? null,
          );
          return changes ? [{ tenant_id, campaign_id, campaign, vector }] : [];
        }),
      );
      for (const { tenant_id, campaign_id, campaign, vector } of changed) {
        held.change(version.id, tenant_id, (matrix) => {
          if (campaign && vector) matrix.set(campaign_id, vector, campaign);
          else matrix.delete(campaign_id);
        });
      }
    },
    async nearestCampaigns({ tenant_id, version, vectors, k, ...filter }, signal) {
      signal.throwIfAborted();
      versions.check(version, vectors);
      return held.of(version, tenant_id).nearest(vectors, k, fitting(filter));
    },
    async campaignsExactly({ version, vectors }, _scan, signal) {
      signal.throwIfAborted();
      versions.check(version, vectors);
      return null;
    },
    async campaign(version, tenant_id, campaign_id, signal) {
      signal.throwIfAborted();
      versions.check(version, []);
      const row = one.get(version.id, tenant_id, campaign_id);
      return row?.vector ? restore(fineOf(row)) : null;
    },
    async campaignVersions(version, tenant_id, campaign_ids, signal) {
      signal.throwIfAborted();
      versions.check(version, []);
      return some.all(version.id, tenant_id, JSON.stringify(campaign_ids)).map((row) => ({
        campaign_id: row.campaign_id as string,
        version: row.campaign_version as number,
        deleted: row.deleted === 1,
      }));
    },
    letGo: held.clear,
  };
}
