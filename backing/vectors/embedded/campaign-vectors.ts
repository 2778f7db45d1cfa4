import type { DatabaseSync } from 'node:sqlite';
import { type Campaign, isOn } from '#contract/campaign.ts';
import type { Vectors } from '../port.ts';
import { quantise, restore } from '../quantise.ts';
import type { Arena } from './arena.ts';
import { heldMatrices } from './held-matrices.ts';
import { bytesOf } from './schema.ts';
import type { StoredVersions } from './stored-versions.ts';

function fits({ locales }: Campaign, locale: string | null): boolean {
  return locale === null || locales.length === 0 || locales.includes(locale);
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
    INSERT INTO campaign_vectors (version, tenant_id, campaign_id, campaign_version, campaign, vector)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET campaign_version = excluded.campaign_version, campaign = excluded.campaign,
      vector = excluded.vector
    WHERE excluded.campaign_version > campaign_version`);
  const one = db.prepare(
    'SELECT vector FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND campaign_id = ?',
  );
  const some = db.prepare(`
    SELECT campaign_id, campaign_version, vector IS NULL AS deleted FROM campaign_vectors
    WHERE version = ? AND tenant_id = ? AND campaign_id IN (SELECT value FROM json_each(?))`);
  const ofTenant = db.prepare(
    'SELECT campaign_id, campaign, vector FROM campaign_vectors WHERE version = ? AND tenant_id = ? AND vector IS NOT NULL',
  );

  const held = heldMatrices<string, Campaign>({
    arena,
    orderOf: ({ campaign_id }) => campaign_id,
    *rows({ id }, tenant_id) {
      for (const row of ofTenant.iterate(id, tenant_id)) {
        const campaign = JSON.parse(row.campaign as string) as Campaign;
        yield [row.campaign_id as string, bytesOf(row.vector), campaign];
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
          const bytes = row.campaign && quantise(row.vector);
          const key = [version.id, tenant_id, campaign_id] as const;
          const { changes } = put.run(...key, row.version, campaign && JSON.stringify(campaign), bytes);
          return changes ? [{ tenant_id, campaign_id, campaign, bytes }] : [];
        }),
      );
      for (const { tenant_id, campaign_id, campaign, bytes } of changed) {
        held.change(version.id, tenant_id, (matrix) => {
          if (campaign && bytes) matrix.set(campaign_id, bytes, campaign);
          else matrix.delete(campaign_id);
        });
      }
    },
    async nearestCampaigns({ tenant_id, version, vectors, k, on_at_ms, locale }, signal) {
      signal.throwIfAborted();
      versions.check(version, vectors);
      const wanted = (campaign: Campaign) => isOn(campaign, on_at_ms) && fits(campaign, locale);
      const found = held.of(version, tenant_id).nearest(vectors, k, wanted);
      return found.map((best) =>
        best.map(({ meta, similarity }) => ({ campaign_id: meta.campaign_id, similarity })),
      );
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
      return row?.vector ? restore(bytesOf(row.vector)) : null;
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
