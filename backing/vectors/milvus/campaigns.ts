import type { Campaign } from '#contract/campaign.ts';
import type { CampaignHit, CampaignSearch, CampaignVector, Vectors } from '../port.ts';
import { scanRows } from './exactly.ts';
import { campaignsName, keyOf } from './names.ts';
import { fetchRows, type Row, upsertRows } from './rows.ts';
import { campaignFields } from './schema.ts';
import { best, searchRows, similarityOf } from './search.ts';
import type { Store } from './store.ts';
import { checkWidth } from './width.ts';

type CampaignsOf = Pick<
  Vectors,
  'putCampaigns' | 'nearestCampaigns' | 'campaignsExactly' | 'campaign' | 'campaignVersions'
>;

/** The first and the last moment that there is. */
const ALWAYS_MS = 8.64e15;
/** So many UTF-16 units are at most 60,000 bytes of UTF-8. */
const PIECE = 20_000;

/** A text in pieces that each fit a VARCHAR; none ends in half a character. */
function pieces(text: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < text.length; ) {
    const last = text.charCodeAt(at + PIECE - 1);
    const end = at + PIECE - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
    all.push(text.slice(at, end));
    at = end;
  }
  return all;
}

/** A vector of a direction, since a cosine with one of no length is undefined; no search sees it. */
function noVector(dimension: number): number[] {
  return Array.from({ length: dimension }, (_, at) => (at === 0 ? 1 : 0));
}

function rowOf(pk: string, row: CampaignVector, dimension: number): Row {
  const { tenant_id, campaign_id, version } = row;
  const campaign: Partial<Campaign> = row.campaign ?? {};
  return {
    pk,
    tenant_id,
    campaign_id,
    version,
    deleted: row.campaign === null,
    active: campaign.status === 'active',
    starts_ms: campaign.starts_at ? Date.parse(campaign.starts_at) : -ALWAYS_MS,
    ends_ms: campaign.ends_at ? Date.parse(campaign.ends_at) : ALWAYS_MS,
    locales: campaign.locales ?? [],
    campaign: row.campaign ? pieces(JSON.stringify(row.campaign)) : [],
    vector: row.campaign ? Array.from(row.vector) : noVector(dimension),
  };
}

function newest(rows: readonly CampaignVector[]): Map<string, CampaignVector> {
  const kept = new Map<string, CampaignVector>();
  for (const row of rows) {
    const pk = keyOf(row.tenant_id, row.campaign_id);
    const before = kept.get(pk);
    if (!before || row.version > before.version) kept.set(pk, row);
  }
  return kept;
}

function filterOf({ tenant_id, on_at_ms, locale }: CampaignSearch): string {
  const now = Math.floor(on_at_ms);
  return [
    `tenant_id == ${JSON.stringify(tenant_id)} and active == true`,
    `starts_ms <= ${now} and ends_ms > ${now}`,
    ...(locale === null
      ? []
      : [`(array_length(locales) == 0 or array_contains(locales, ${JSON.stringify(locale)}))`]),
  ].join(' and ');
}

function hitsOf(rows: readonly Row[], k: number): CampaignHit[] {
  const hits = rows.map((row) => ({
    campaign_id: String(row['campaign_id']),
    similarity: similarityOf(row),
  }));
  return best(hits, k, ({ campaign_id }) => campaign_id);
}

/**
 * Campaigns in Milvus. What is there is read before it is written over, and nobody else should write the same campaign
 * in between: its records stand in one partition, which one member of a group handles, a batch after the other. Where
 * a repair does all the same, an older content may be left over a newer one: the next repair finds that.
 */
export function campaignsIn(store: Store): CampaignsOf {
  const { connection, collections, prefix, search_ms, write_ms } = store;

  async function isThere(name: string, signal: AbortSignal): Promise<boolean> {
    return (await collections.list(signal)).some((one) => one.name === name);
  }

  return {
    async putCampaigns(version, rows, signal) {
      signal.throwIfAborted();
      checkWidth(
        version,
        rows.flatMap((row) => (row.campaign ? [row.vector] : [])),
      );
      if (rows.length === 0) return;
      const [incoming, name] = [newest(rows), campaignsName(prefix, version.id)];
      await collections.using(async () => {
        await collections.make(name, version, campaignFields(version.dimension), signal);
        const asked = { name, keys: [...incoming.keys()], fields: ['version'], limit_ms: write_ms };
        const stored = await fetchRows(connection, asked, signal);
        const versions = new Map(stored.map((row) => [row['pk'], Number(row['version'])]));
        const winners = [...incoming].filter(([pk, row]) => row.version > (versions.get(pk) ?? -1));
        const rows = winners.map(([pk, row]) => rowOf(pk, row, version.dimension));
        await upsertRows(connection, { name, rows, limit_ms: write_ms }, signal);
      });
    },

    async nearestCampaigns(search, signal) {
      const { version, vectors, k } = search;
      signal.throwIfAborted();
      checkWidth(version, vectors);
      if (vectors.length === 0) return [];
      const name = campaignsName(prefix, version.id);
      const asked = { name, vectors, k, filter: filterOf(search), fields: ['campaign_id'] };
      const lists = await collections.using(async () => {
        if (!(await isThere(name, signal))) return [];
        await collections.ready(name, version, signal);
        return await searchRows(store, asked, signal);
      });
      return vectors.map((_, at) => hitsOf(lists[at] ?? [], k));
    },

    async campaignsExactly(search, scan, signal) {
      const { version, vectors, k } = search;
      signal.throwIfAborted();
      checkWidth(version, vectors);
      if (vectors.length === 0) return [];
      const name = campaignsName(prefix, version.id);
      const asked = { vectors, k, filter: filterOf(search), fields: ['campaign_id'] };
      const lists = await collections.using(async () => {
        const names = (await isThere(name, signal)) ? [name] : [];
        for (const one of names) await collections.ready(one, version, signal);
        return await scanRows(store, { names, ...asked }, scan, signal);
      });
      return lists.map((rows) => hitsOf(rows, k));
    },

    async campaign(version, tenant_id, campaign_id, signal) {
      signal.throwIfAborted();
      const name = campaignsName(prefix, version.id);
      return await collections.using(async () => {
        if (!(await isThere(name, signal))) return null;
        await collections.ready(name, version, signal);
        const asked = {
          name,
          keys: [keyOf(tenant_id, campaign_id)],
          fields: ['deleted', 'vector'],
          limit_ms: search_ms,
        };
        const [row] = await fetchRows(connection, asked, signal);
        return row && row['deleted'] !== true ? Float32Array.from(row['vector'] as number[]) : null;
      });
    },

    async campaignVersions(version, tenant_id, campaign_ids, signal) {
      signal.throwIfAborted();
      const name = campaignsName(prefix, version.id);
      return await collections.using(async () => {
        if (!(await isThere(name, signal))) return [];
        await collections.ready(name, version, signal);
        const keys = campaign_ids.map((campaign_id) => keyOf(tenant_id, campaign_id));
        const fields = ['campaign_id', 'version', 'deleted'];
        const rows = await fetchRows(connection, { name, keys, fields, limit_ms: search_ms }, signal);
        return rows.map((row) => ({
          campaign_id: String(row['campaign_id']),
          version: Number(row['version']),
          deleted: row['deleted'] === true,
        }));
      });
    },
  };
}
