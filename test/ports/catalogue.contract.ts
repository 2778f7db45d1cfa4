import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Catalogue, CatalogueEntry } from '#backing/catalogue/port.ts';
import type { Campaign } from '#contract/campaign.ts';
import { campaignArb, campaignArbOf, ODD_IDS, shuffles } from '../support/arbitraries.ts';
import { collect, newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type CatalogueSubject = {
  name: string;
  /** An empty catalogue that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Catalogue>;
};

const { signal } = new AbortController();

function campaign(campaign_id: string, title = 'A title'): Campaign {
  const [tags, locales] = [['news'], ['en']];
  return {
    campaign_id,
    title,
    text: 'Some text',
    tags,
    locales,
    status: 'active',
    starts_at: null,
    ends_at: null,
    boost: 1,
    attributes: {},
  };
}

function entry(tenant_id: string, campaign_id: string, version: number, title?: string): CatalogueEntry {
  return { tenant_id, campaign_id, version, campaign: campaign(campaign_id, title) };
}

const deletion = (tenant_id: string, campaign_id: string, version: number): CatalogueEntry => ({
  tenant_id,
  campaign_id,
  version,
  campaign: null,
});

const byId = (a: Campaign, b: Campaign) => (a.campaign_id < b.campaign_id ? -1 : 1);

/** What every catalogue holds to. */
export function catalogueContract({ name, open }: CatalogueSubject): void {
  describe(`the catalogue: ${name}`, () => {
    dumpContract(async () => {
      const [catalogue, tenants] = [await open(), [newTenant(), newTenant()]];
      let version = 0;
      return {
        dump: () => catalogue.dump(),
        async write() {
          version++;
          const ids = [...ODD_IDS, `new-in-${version}`];
          const entries = tenants.flatMap((tenant) => ids.map((id) => entry(tenant, id, version)));
          await catalogue.put(entries, signal);
        },
      };
    });

    test('any campaign comes back as it was', async () => {
      const [catalogue, tenant] = [await open(), newTenant()];
      let version = 0;
      await fc.assert(
        fc.asyncProperty(campaignArb, async (put) => {
          version++;
          const { campaign_id } = put;
          await catalogue.put([{ tenant_id: tenant, campaign_id, version, campaign: put }], signal);
          expect(await catalogue.get(tenant, campaign_id, signal)).toEqual(put);
        }),
      );
    });

    test('a campaign that never was is null, and a tenant without any has an empty list', async () => {
      const catalogue = await open();
      for (const id of ODD_IDS) expect(await catalogue.get(newTenant(), id, signal)).toBeNull();
      expect(await catalogue.all(newTenant(), signal)).toEqual([]);
    });

    test('only a higher version replaces what is kept', async () => {
      const [catalogue, tenant] = [await open(), newTenant()];
      const titleAfter = async (version: number, title: string) => {
        await catalogue.put([entry(tenant, 'c', version, title)], signal);
        return (await catalogue.get(tenant, 'c', signal))?.title;
      };
      expect(await titleAfter(5, 'fifth')).toBe('fifth');
      expect(await titleAfter(4, 'fourth')).toBe('fifth');
      expect(await titleAfter(5, 'fifth again')).toBe('fifth');
      expect(await titleAfter(6, 'sixth')).toBe('sixth');
    });

    test('a deleted campaign is gone, and an older copy cannot bring it back', async () => {
      const [catalogue, tenant] = [await open(), newTenant()];
      await catalogue.put(
        [entry(tenant, 'kept', 1), entry(tenant, 'c', 2), deletion(tenant, 'c', 3)],
        signal,
      );
      await catalogue.put([entry(tenant, 'c', 2)], signal);
      expect(await catalogue.get(tenant, 'c', signal)).toBeNull();
      expect(await catalogue.all(tenant, signal)).toEqual([campaign('kept')]);
      await catalogue.put([entry(tenant, 'c', 4, 'back')], signal);
      expect((await catalogue.get(tenant, 'c', signal))?.title).toBe('back');
    });

    test('in any order, any batches and repeated, the highest versions are left', async () => {
      const [catalogue, oracle] = [await open(), await open()];
      const [lines, expected] = [newLines(() => catalogue.dump()), newLines(() => oracle.dump())];
      const campaign_id = fc.constantFrom('a', 'b', '__proto__');
      const histories = fc
        .array(fc.oneof({ weight: 3, arbitrary: campaignArbOf({ campaign_id }) }, campaign_id), {
          minLength: 1,
          maxLength: 12,
        })
        .chain((contents) => {
          const entries = contents.map((content, version) =>
            typeof content === 'string'
              ? { campaign_id: content, version, campaign: null }
              : { campaign_id: content.campaign_id, version, campaign: content },
          );
          return fc.record({ entries: fc.constant(entries), batches: shuffles(entries) });
        });
      await fc.assert(
        fc.asyncProperty(histories, async ({ entries, batches }) => {
          const tenant_id = newTenant();
          const own = (list: typeof entries) => list.map((one) => ({ tenant_id, ...one }));
          for (const batch of batches) await catalogue.put(own(batch), signal);
          const newest = new Map(entries.map((one) => [one.campaign_id, one]));
          await oracle.put(own([...newest.values()]), signal);
          const kept = [...newest.values()].flatMap((one) => one.campaign ?? []);
          expect((await catalogue.all(tenant_id, signal)).sort(byId)).toEqual(kept.sort(byId));
          expect(await lines()).toEqual(await expected());
        }),
      );
    });

    test('two tenants with the same ids never see each other', async () => {
      const [catalogue, one, other] = [await open(), newTenant(), newTenant()];
      const ids = [...ODD_IDS];
      await catalogue.put(
        ids.map((id) => entry(one, id, 9, 'one')),
        signal,
      );
      for (const id of ids) expect(await catalogue.get(other, id, signal)).toBeNull();
      await catalogue.put(
        ids.map((id) => entry(other, id, 1, 'other')),
        signal,
      );
      await catalogue.put(
        ids.slice(1).map((id) => deletion(other, id, 2)),
        signal,
      );
      expect(await catalogue.all(one, signal)).toHaveLength(ids.length);
      expect(await catalogue.all(other, signal)).toEqual([campaign(ids[0] as string, 'other')]);
    });

    test('the tenants are those that have or had campaigns, each once, sorted', async () => {
      const catalogue = await open();
      expect(await catalogue.tenants(signal)).toEqual([]);
      const tenants = [newTenant(), newTenant(), newTenant()];
      for (const tenant of tenants)
        await catalogue.put([entry(tenant, 'a', 1), entry(tenant, 'b', 1)], signal);
      await catalogue.put(
        [deletion(tenants[1] as string, 'a', 2), deletion(tenants[1] as string, 'b', 2)],
        signal,
      );
      expect(await catalogue.tenants(signal)).toEqual(tenants.sort());
    });

    test('the versions of a tenant are told page by page, those of deleted campaigns too', async () => {
      const [catalogue, tenant, other] = [await open(), newTenant(), newTenant()];
      const ids = [...ODD_IDS].sort();
      await catalogue.put(
        ids.map((id, at) => entry(tenant, id, at)),
        signal,
      );
      await catalogue.put(
        [entry(other, ids[1] as string, 9), deletion(tenant, ids[0] as string, 50)],
        signal,
      );
      const expected = ids.map((campaign_id, at) => ({
        campaign_id,
        version: at === 0 ? 50 : at,
        deleted: at === 0,
      }));
      const told = [];
      for (let after = ''; ; ) {
        const page = await catalogue.versions(tenant, after, 2, signal);
        expect(page.length).toBeLessThanOrEqual(2);
        told.push(...page);
        if (page.length < 2) break;
        after = page.at(-1)?.campaign_id as string;
      }
      expect(told).toEqual(expected);
      expect(await catalogue.versions(newTenant(), '', 2, signal)).toEqual([]);
    });

    test('entries come back as they were put, those of deleted campaigns too, and of nobody else', async () => {
      const [catalogue, tenant, other] = [await open(), newTenant(), newTenant()];
      const put = [...ODD_IDS].map((id, at) => (at % 2 ? deletion : entry)(tenant, id, at));
      await catalogue.put([...put, entry(tenant, 'not-asked', 7), entry(other, 'of-another', 8)], signal);
      const asked = [...ODD_IDS, 'never-was', 'of-another'];
      const found = await catalogue.entries(tenant, asked, signal);
      expect(found.sort((a, b) => a.version - b.version)).toEqual(put);
      expect(await catalogue.entries(tenant, [], signal)).toEqual([]);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [catalogue, tenant, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      await expect(catalogue.put([entry(tenant, 'c', 1)], aborted)).rejects.toThrow();
      await expect(catalogue.get(tenant, 'c', aborted)).rejects.toThrow();
      await expect(catalogue.all(tenant, aborted)).rejects.toThrow();
      await expect(catalogue.versions(tenant, '', 9, aborted)).rejects.toThrow();
      await expect(catalogue.entries(tenant, ['c'], aborted)).rejects.toThrow();
      expect(await collect(catalogue.dump())).toEqual([]);
    });

    test('a batch that fails is not written in part', async () => {
      const [catalogue, tenant] = [await open(), newTenant()];
      const broken = { ...entry(tenant, 'broken', 1), version: null as never };
      await expect(catalogue.put([entry(tenant, 'c', 1), broken], signal)).rejects.toThrow();
      expect(await collect(catalogue.dump())).toEqual([]);
    });

    test('batches that overlap, put at the same time, all arrive', async () => {
      const [catalogue, tenant] = [await open(), newTenant()];
      const ids = Array.from({ length: 50 }, (_, i) => `c-${i}`);
      const puts = [1, 2, 3, 4].map((version) => {
        const entries = ids.map((id) => entry(tenant, id, version, `version ${version}`));
        return catalogue.put(version % 2 ? entries : entries.reverse(), signal);
      });
      await Promise.all(puts);
      const titles = (await catalogue.all(tenant, signal)).map(({ title }) => title);
      expect(titles).toEqual(ids.map(() => 'version 4'));
    });
  });
}
