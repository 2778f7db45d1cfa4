import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EmbeddingVersion } from '#backing/embedder/port.ts';
import {
  type CampaignSearch,
  type CampaignVector,
  type MessageSearch,
  type MessageVector,
  type Vectors,
  VersionMismatch,
} from '#backing/vectors/port.ts';
import { type Campaign, isOn } from '#contract/campaign.ts';
import { composite } from '#contract/ids.ts';
import { topics } from '#contract/topics.ts';
import { campaignArbOf, instantArb, localeArb, ODD_IDS, shuffles } from '../support/arbitraries.ts';
import { collect, newLines } from '../support/dump.ts';
import { newTenant } from '../support/tenant.ts';
import { dumpContract } from './dump.contract.ts';

export type VectorsSubject = {
  name: string;
  /** An empty store that shares nothing with any other; it is closed when the test has finished. */
  open(): Promise<Vectors>;
};

const { signal } = new AbortController();
const MOMENT = '2026-11-01T10:00:00.000Z';
const DIMENSION = 8;
const version: EmbeddingVersion = { id: 'test-v1', dimension: DIMENSION, metric: 'cosine', digest: 'test' };

function unit(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (x) => x / length);
}

/** A vector that leans from the first axis towards the second, the more the higher `degrees`. */
function leaning(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  return unit([Math.cos(angle), Math.sin(angle), 0, 0, 0, 0, 0, 0]);
}

const FIRST_AXIS = leaning(0);

/** A scan of all that a contract's test puts. */
const ALL = { most: 1_000, start: 0 };

const vectorArb = fc
  .array(fc.integer({ min: -50, max: 50 }), { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((numbers) => numbers.some((x) => x !== 0))
  .map(unit);

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

function message(fields: Partial<MessageVector> & { tenant_id: string }): MessageVector {
  return {
    user_id: 'u',
    message_id: 'm',
    occurred_at: MOMENT,
    campaign_id: null,
    locale: null,
    lived_at: MOMENT,
    accepted_at: MOMENT,
    place: { topic: topics.events, partition: 0, offset: 0 },
    vector: FIRST_AXIS,
    ...fields,
  };
}

function campaign(campaign_id: string, fields: Partial<Campaign> = {}): Campaign {
  return {
    campaign_id,
    title: 'A title',
    text: 'Some text',
    tags: [],
    locales: [],
    status: 'active',
    starts_at: null,
    ends_at: null,
    boost: 1,
    attributes: {},
    ...fields,
  };
}

type CampaignFields = { version?: number; vector?: Float32Array; fields?: Partial<Campaign> };

function campaignVector(
  tenant_id: string,
  campaign_id: string,
  { version = 1, vector = FIRST_AXIS, fields }: CampaignFields = {},
): CampaignVector {
  return { tenant_id, campaign_id, version, campaign: campaign(campaign_id, fields), vector };
}

const deletion = (tenant_id: string, campaign_id: string, version: number): CampaignVector => ({
  tenant_id,
  campaign_id,
  version,
  campaign: null,
});

function amongMessages(tenant_id: string, search: Partial<MessageSearch> = {}): MessageSearch {
  return {
    tenant_id,
    version,
    vectors: [FIRST_AXIS],
    k: 100,
    about_campaigns: false,
    from: '0000',
    before: '9999',
    ...search,
  };
}

function amongCampaigns(tenant_id: string, search: Partial<CampaignSearch> = {}): CampaignSearch {
  return {
    tenant_id,
    version,
    vectors: [FIRST_AXIS],
    k: 100,
    on_at_ms: Date.parse(MOMENT),
    locale: null,
    ...search,
  };
}

/** That the hits are k of the most similar that exact search finds, in order, each once. */
function expectNearest(
  hits: readonly { id: string; similarity: number }[],
  exact: Map<string, number>,
  k: number,
) {
  const best = [...exact.values()].sort((a, b) => b - a).slice(0, k);
  expect(hits).toHaveLength(best.length);
  expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
  hits.forEach(({ id, similarity }, at) => {
    expect(similarity).toBeCloseTo(best[at] as number, 4);
    expect(similarity).toBeCloseTo(exact.get(id) as number, 4);
  });
}

/** What every store of vectors holds to. */
export function vectorsContract({ name, open }: VectorsSubject): void {
  describe(`the vectors: ${name}`, () => {
    async function idsNear(vectors: Vectors, search: MessageSearch) {
      const [hits] = await vectors.nearestMessages(search, signal);
      return (hits ?? []).map(({ message_id }) => message_id);
    }
    async function campaignsNear(vectors: Vectors, search: CampaignSearch) {
      const [hits] = await vectors.nearestCampaigns(search, signal);
      return (hits ?? []).map(({ campaign_id }) => campaign_id);
    }

    dumpContract(async () => {
      const vectors = await open();
      return {
        dump: () => vectors.dump(),
        async write() {
          for (const tenant_id of [newTenant(), newTenant()]) {
            await vectors.putMessages(
              version,
              ODD_IDS.flatMap((user_id) =>
                ODD_IDS.map((message_id) => message({ tenant_id, user_id, message_id })),
              ),
              signal,
            );
            await vectors.putCampaigns(
              version,
              ODD_IDS.map((id) => campaignVector(tenant_id, id)),
              signal,
            );
          }
        },
      };
    });

    test('a vector comes back as it was put, within a cosine of .999; null where there is none', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const ids = fc.constantFrom(...ODD_IDS);
      let offset = 1_000_000;
      await fc.assert(
        fc.asyncProperty(vectorArb, ids, ids, async (vector, user_id, message_id) => {
          offset--;
          const place = { topic: topics.events, partition: 0, offset };
          await vectors.putMessages(
            version,
            [message({ tenant_id, user_id, message_id, place, vector })],
            signal,
          );
          const row = campaignVector(tenant_id, message_id, { version: 1_000_000 - offset, vector });
          await vectors.putCampaigns(version, [row], signal);
          const found = await vectors.messages(
            version,
            tenant_id,
            user_id,
            ['none', message_id, message_id],
            signal,
          );
          const campaign = await vectors.campaign(version, tenant_id, message_id, signal);
          expect(found[0]).toBeNull();
          for (const one of [found[1], found[2], campaign]) {
            expect(one?.length).toBe(DIMENSION);
            expect(cosine(one as Float32Array, vector)).toBeGreaterThan(0.999);
            expect(cosine(one as Float32Array, one as Float32Array)).toBeCloseTo(1, 5);
          }
        }),
      );
      expect(await vectors.campaign(version, tenant_id, 'none', signal)).toBeNull();
      expect(await vectors.messages(version, newTenant(), 'u', ['m'], signal)).toEqual([null]);
      expect(await vectors.messages(version, tenant_id, 'u', [], signal)).toEqual([]);
    });

    test('vectors of several people come in the order that is asked for, whichever months they are of', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const rows = ['2011-03', '2026-09', '2026-10', '2026-11'].flatMap((month, m) =>
        ODD_IDS.slice(0, 4).map((user_id, u) =>
          message({
            ...{ tenant_id, user_id, message_id: `m-${m}`, occurred_at: `${month}-05T10:00:00.000Z` },
            vector: leaning(10 * m + u),
          }),
        ),
      );
      await vectors.putMessages(version, rows, signal);
      const asked = [...rows, { user_id: 'nobody', message_id: 'm-0' }, ...rows.slice(0, 3)].reverse();
      const found = await vectors.messagesOfMany(version, tenant_id, asked, signal);
      expect(found).toHaveLength(asked.length);
      asked.forEach((one, i) => {
        if (!('vector' in one)) expect(found[i]).toBeNull();
        else expect(cosine(found[i] as Float32Array, one.vector)).toBeGreaterThan(0.999);
      });
      expect(await vectors.messagesOfMany(version, tenant_id, [], signal)).toEqual([]);
      expect(await vectors.messagesOfMany(version, newTenant(), rows.slice(0, 1), signal)).toEqual([null]);
      await expect(
        vectors.messagesOfMany({ ...version, digest: 'other' }, tenant_id, rows.slice(0, 1), signal),
      ).rejects.toThrow(VersionMismatch);
    });

    test('the vector of a text that says nothing is kept too, near to nothing', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const nothing = message({ tenant_id, message_id: 'nothing', vector: new Float32Array(DIMENSION) });
      await vectors.putMessages(version, [nothing, message({ tenant_id, vector: leaning(80) })], signal);
      const [hits] = await vectors.nearestMessages(amongMessages(tenant_id), signal);
      expect(hits?.[0]?.message_id).toBe('m');
      expect(hits?.[1]?.similarity ?? 0).toBe(0);
    });

    test("a message's vector gives way only to one that stands earlier: live before imported, then by offset", async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const put = async (topic: string, offset: number, degrees: number) => {
        const place = { topic, partition: 3, offset };
        await vectors.putMessages(version, [message({ tenant_id, place, vector: leaning(degrees) })], signal);
        const [kept] = await vectors.messages(version, tenant_id, 'u', ['m'], signal);
        return Math.round((Math.acos(Math.min(1, cosine(kept as Float32Array, FIRST_AXIS))) * 180) / Math.PI);
      };
      expect(await put(topics.imports, 5, 10)).toBe(10);
      expect(await put(topics.imports, 6, 20)).toBe(10);
      expect(await put(topics.imports, 4, 30)).toBe(30);
      expect(await put(topics.events, 900, 40)).toBe(40);
      expect(await put(topics.imports, 0, 50)).toBe(40);
      expect(await put(topics.events, 901, 60)).toBe(40);
      expect(await put(topics.events, 0, 70)).toBe(70);
    });

    test('of messages put in any order, any batches and repeated, the earliest of each identity is left', async () => {
      const [vectors, oracle] = [await open(), await open()];
      const [lines, expected] = [newLines(() => vectors.dump()), newLines(() => oracle.dump())];
      const row = fc.record({
        user_id: fc.constantFrom('|trey|', '__proto__'),
        message_id: fc.constantFrom('m', '"', 'a,b'),
        occurred_at: instantArb('2024-01-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'),
        campaign_id: fc.option(fc.constantFrom('c', 'constructor'), { nil: null }),
        locale: fc.option(localeArb, { nil: null }),
        topic: fc.constantFrom(topics.events, topics.imports),
        vector: vectorArb,
      });
      const logs = fc.array(row, { minLength: 1, maxLength: 16 }).chain((rows) => {
        const placed = rows.map(({ topic, ...rest }, offset) => ({
          ...rest,
          lived_at: MOMENT,
          accepted_at: MOMENT,
          place: { topic, partition: 0, offset },
        }));
        return fc.record({ placed: fc.constant(placed), batches: shuffles(placed) });
      });
      await fc.assert(
        fc.asyncProperty(logs, async ({ placed, batches }) => {
          const tenant_id = newTenant();
          for (const batch of batches) {
            await vectors.putMessages(
              version,
              batch.map((one) => ({ tenant_id, ...one })),
              signal,
            );
          }
          const live = placed.filter(({ place }) => place.topic === topics.events);
          const imported = placed.filter(({ place }) => place.topic === topics.imports);
          const earliest = new Map(
            [...live, ...imported].reverse().map((one) => [composite(one.user_id, one.message_id), one]),
          );
          await oracle.putMessages(
            version,
            [...earliest.values()].map((one) => ({ tenant_id, ...one })),
            signal,
          );
          const [hits] = await vectors.nearestMessages(amongMessages(tenant_id), signal);
          expect(hits).toHaveLength(earliest.size);
          for (const { user_id, message_id, occurred_at, campaign_id } of hits ?? []) {
            expect(earliest.get(composite(user_id, message_id))).toMatchObject({ occurred_at, campaign_id });
          }
          expect(await lines()).toEqual(await expected());
        }),
      );
    });

    test('of campaigns put in any order, any batches and repeated, the highest versions are left', async () => {
      const [vectors, oracle] = [await open(), await open()];
      const [lines, expected] = [newLines(() => vectors.dump()), newLines(() => oracle.dump())];
      const campaign_id = fc.constantFrom('a', 'constructor', '"');
      const content = fc.oneof(
        { weight: 3, arbitrary: fc.record({ campaign: campaignArbOf({ campaign_id }), vector: vectorArb }) },
        fc.record({ campaign_id, campaign: fc.constant(null) }),
      );
      const histories = fc.array(content, { minLength: 1, maxLength: 12 }).chain((contents) => {
        const rows = contents.map((one, at) => ({
          campaign_id: one.campaign?.campaign_id,
          ...one,
          version: at,
        }));
        return fc.record({ rows: fc.constant(rows), batches: shuffles(rows) });
      });
      await fc.assert(
        fc.asyncProperty(histories, async ({ rows, batches }) => {
          const tenant_id = newTenant();
          const own = (list: typeof rows) => list.map((one) => ({ tenant_id, ...one }) as CampaignVector);
          for (const batch of batches) await vectors.putCampaigns(version, own(batch), signal);
          const newest = new Map(rows.map((one) => [one.campaign_id, one]));
          await oracle.putCampaigns(version, own([...newest.values()]), signal);
          for (const [id, { campaign }] of newest) {
            const kept = await vectors.campaign(version, tenant_id, id as string, signal);
            expect(kept === null).toBe(campaign === null);
          }
          expect(await lines()).toEqual(await expected());
        }),
      );
    });

    test('nearest messages are those that a look at each of them finds, whatever was put before and since', async () => {
      const vectors = await open();
      const ids = {
        user_id: fc.constantFrom('u', '|trey|', '__proto__'),
        message_id: fc.constantFrom(...ODD_IDS),
      };
      const moment = instantArb('2026-08-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z');
      const rows = fc.array(
        fc.record({
          ...ids,
          vector: vectorArb,
          occurred_at: moment,
          campaign_id: fc.option(fc.constantFrom('c', 'constructor'), { nil: null }),
        }),
        { maxLength: 40 },
      );
      const search = fc.record({
        vectors: fc.array(vectorArb, { maxLength: 3 }),
        k: fc.integer({ min: 1, max: 50 }),
        about_campaigns: fc.boolean(),
        from: moment,
        before: moment,
      });
      await fc.assert(
        fc.asyncProperty(rows, rows, search, async (before, since, search) => {
          const tenant_id = newTenant();
          let offset = 1000;
          const kept = new Map<string, MessageVector>();
          for (const batch of [before, since]) {
            const placed = batch.map((row) => {
              offset--;
              return message({ tenant_id, ...row, place: { topic: topics.events, partition: 0, offset } });
            });
            await vectors.putMessages(version, placed, signal);
            for (const row of placed) kept.set(composite(row.user_id, row.message_id), row);
            const wanted = [...kept].filter(
              ([, { campaign_id, occurred_at }]) =>
                search.from <= occurred_at &&
                occurred_at < search.before &&
                (campaign_id !== null || !search.about_campaigns),
            );
            const asked = amongMessages(tenant_id, search);
            const found = await vectors.nearestMessages(asked, signal);
            expect(found).toHaveLength(search.vectors.length);
            const exactly = (await vectors.messagesExactly(asked, ALL, signal)) ?? found;
            expect(exactly).toHaveLength(search.vectors.length);
            for (const [at, hits] of [...found.entries(), ...exactly.entries()]) {
              const exact = new Map<string, number>();
              for (const [id, { user_id, message_id }] of wanted) {
                const [stored] = await vectors.messages(version, tenant_id, user_id, [message_id], signal);
                exact.set(id, cosine(stored as Float32Array, search.vectors[at] as Float32Array));
              }
              const named = hits.map((hit) => ({ id: composite(hit.user_id, hit.message_id), ...hit }));
              expectNearest(named, exact, search.k);
              for (const { id, occurred_at, campaign_id } of named) {
                expect(kept.get(id)).toMatchObject({ occurred_at, campaign_id });
              }
            }
          }
        }),
        { numRuns: 40 },
      );
    });

    test('nearest campaigns are those that a look at each of them finds, whatever was put or deleted before and since', async () => {
      const vectors = await open();
      const campaign_id = fc.constantFrom(...ODD_IDS);
      const rows = fc.array(
        fc.oneof(
          {
            weight: 4,
            arbitrary: fc.record({ campaign: campaignArbOf({ campaign_id }), vector: vectorArb }),
          },
          fc.record({ campaign_id, campaign: fc.constant(null) }),
        ),
        { maxLength: 30 },
      );
      const search = fc.record({
        vectors: fc.array(vectorArb, { maxLength: 3 }),
        k: fc.integer({ min: 1, max: 20 }),
        on_at_ms: instantArb().map(Date.parse),
        locale: fc.option(localeArb, { nil: null }),
      });
      await fc.assert(
        fc.asyncProperty(rows, rows, search, async (before, since, search) => {
          const tenant_id = newTenant();
          let offset = 0;
          const kept = new Map<string, Campaign | null>();
          for (const batch of [before, since]) {
            const own = batch.map((row) => {
              offset++;
              const id = row.campaign?.campaign_id;
              return { tenant_id, campaign_id: id, ...row, version: offset } as CampaignVector;
            });
            await vectors.putCampaigns(version, own, signal);
            for (const row of own) kept.set(row.campaign_id, row.campaign);
            const asked = amongCampaigns(tenant_id, search);
            const found = await vectors.nearestCampaigns(asked, signal);
            expect(found).toHaveLength(search.vectors.length);
            const exactly = (await vectors.campaignsExactly(asked, ALL, signal)) ?? found;
            expect(exactly).toHaveLength(search.vectors.length);
            for (const [at, hits] of [...found.entries(), ...exactly.entries()]) {
              const exact = new Map<string, number>();
              for (const [id, campaign] of kept) {
                if (!campaign || !isOn(campaign, search.on_at_ms)) continue;
                const { locales } = campaign;
                if (search.locale && locales.length && !locales.includes(search.locale)) continue;
                const stored = await vectors.campaign(version, tenant_id, id, signal);
                exact.set(id, cosine(stored as Float32Array, search.vectors[at] as Float32Array));
              }
              const named = hits.map((hit) => ({ id: hit.campaign_id, similarity: hit.similarity }));
              expectNearest(named, exact, search.k);
            }
          }
        }),
        { numRuns: 40 },
      );
    });

    test('a scan that may not look at all looks at about as many as it may, and finds what is nearest of those', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const ids = Array.from({ length: 120 }, (_, at) => `m${at}`);
      const degreesOf = new Map(ids.map((id, at) => [id, (at * 7) % 90]));
      await vectors.putMessages(
        version,
        ids.map((message_id) =>
          message({
            ...{ tenant_id, message_id, vector: leaning(degreesOf.get(message_id) as number) },
            occurred_at: `2026-${message_id.endsWith('1') ? '09' : '10'}-01T00:00:00.000Z`,
          }),
        ),
        signal,
      );
      const asked = amongMessages(tenant_id, { k: 200 });
      const scanned = async (start: number, k = 200) => {
        const found = await vectors.messagesExactly({ ...asked, k }, { most: 40, start }, signal);
        return found?.[0]?.map(({ message_id }) => message_id) ?? null;
      };
      const first = await scanned(0);
      if (first === null) {
        // Then what is found anyway has to be of all there are.
        expect(await idsNear(vectors, asked)).toHaveLength(ids.length);
        return;
      }
      expect(first.length).toBeGreaterThan(15);
      expect(first.length).toBeLessThan(70);
      const degrees = first.map((id) => degreesOf.get(id) as number);
      expect(degrees).toEqual(degrees.toSorted((a, b) => a - b));
      expect(await scanned(0, 5)).toEqual(first.slice(0, 5));
      const last = (await scanned(1)) as string[];
      expect(last.length).toBeGreaterThan(15);
      expect(first.filter((id) => last.includes(id))).toEqual([]);
      const whole = await vectors.messagesExactly(asked, ALL, signal);
      expect(whole?.[0]?.map(({ message_id }) => message_id).sort()).toEqual(ids.toSorted());
    });

    test('what is equally near comes by id', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const ids = ['delta', 'alpha', 'charlie', 'bravo'];
      await vectors.putMessages(
        version,
        ids.map((message_id) => message({ tenant_id, message_id })),
        signal,
      );
      await vectors.putCampaigns(
        version,
        ids.map((id) => campaignVector(tenant_id, id)),
        signal,
      );
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual([...ids].sort());
      expect(await campaignsNear(vectors, amongCampaigns(tenant_id))).toEqual([...ids].sort());
    });

    test('a search starts with the moment it starts from, and ends before the moment it ends before', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const moments = ['2026-09-30T23:59:59.999Z', '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'];
      await vectors.putMessages(
        version,
        moments.map((occurred_at) => message({ tenant_id, message_id: occurred_at, occurred_at })),
        signal,
      );
      const [, from, before] = moments as [string, string, string];
      expect(await idsNear(vectors, amongMessages(tenant_id, { from, before }))).toEqual([from]);
    });

    test('only campaigns that are on, and that fit the locale, are found', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const [early, late] = ['2026-11-01T09:59:59.999Z', '2026-11-01T10:00:00.001Z'];
      const fields: Record<string, Partial<Campaign>> = {
        on: {},
        paused: { status: 'paused' },
        ended: { status: 'ended' },
        starting: { starts_at: MOMENT },
        soon: { starts_at: late },
        ending: { ends_at: late },
        over: { ends_at: MOMENT, starts_at: early },
        german: { locales: ['de', 'pt-BR'] },
      };
      await vectors.putCampaigns(
        version,
        Object.entries(fields).map(([id, fields]) => campaignVector(tenant_id, id, { fields })),
        signal,
      );
      const found = (locale: string | null) => campaignsNear(vectors, amongCampaigns(tenant_id, { locale }));
      expect(await found(null)).toEqual(['ending', 'german', 'on', 'starting']);
      expect(await found('en')).toEqual(['ending', 'on', 'starting']);
      expect(await found('de')).toEqual(['ending', 'german', 'on', 'starting']);
    });

    test('what was put is found by the next search, and what was deleted is not', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const search = amongCampaigns(tenant_id, { k: 2 });
      expect(await campaignsNear(vectors, search)).toEqual([]);
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual([]);
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual(['m']);
      const near = ['a', 'b', 'c'].map((id, at) =>
        campaignVector(tenant_id, id, { vector: leaning(at * 20) }),
      );
      await vectors.putCampaigns(version, near, signal);
      expect(await campaignsNear(vectors, search)).toEqual(['a', 'b']);
      await vectors.putCampaigns(version, [deletion(tenant_id, 'a', 2)], signal);
      expect(await campaignsNear(vectors, search)).toEqual(['b', 'c']);
      expect(await vectors.campaign(version, tenant_id, 'a', signal)).toBeNull();
      await vectors.putCampaigns(version, [campaignVector(tenant_id, 'a')], signal);
      expect(await campaignsNear(vectors, search)).toEqual(['b', 'c']);
      await vectors.putCampaigns(
        version,
        [campaignVector(tenant_id, 'a', { version: 3, vector: leaning(30) })],
        signal,
      );
      expect(await campaignsNear(vectors, search)).toEqual(['b', 'a']);
    });

    test('a vector of another width is refused, and nothing of its call is written', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      for (const wrong of [
        new Float32Array(0),
        new Float32Array(DIMENSION - 1),
        new Float32Array(DIMENSION + 1),
      ]) {
        const messages = [message({ tenant_id }), message({ tenant_id, message_id: 'wrong', vector: wrong })];
        const campaigns = [
          campaignVector(tenant_id, 'c'),
          campaignVector(tenant_id, 'wrong', { vector: wrong }),
        ];
        await expect(vectors.putMessages(version, messages, signal)).rejects.toThrow(VersionMismatch);
        await expect(vectors.putCampaigns(version, campaigns, signal)).rejects.toThrow(VersionMismatch);
        const asked = { vectors: [FIRST_AXIS, wrong] };
        await expect(vectors.nearestMessages(amongMessages(tenant_id, asked), signal)).rejects.toThrow(
          VersionMismatch,
        );
        await expect(vectors.nearestCampaigns(amongCampaigns(tenant_id, asked), signal)).rejects.toThrow(
          VersionMismatch,
        );
        for (const exactly of [
          () => vectors.messagesExactly(amongMessages(tenant_id, asked), ALL, signal),
          () => vectors.campaignsExactly(amongCampaigns(tenant_id, asked), ALL, signal),
        ])
          await expect(exactly()).rejects.toThrow(VersionMismatch);
      }
      expect(await collect(vectors.dump())).toEqual([]);
    });

    test('a version by the id of one that is stored, but of another model, is refused whatever is asked', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      await vectors.putMessages(version, [message({ tenant_id })], signal);
      await vectors.putCampaigns(version, [campaignVector(tenant_id, 'c')], signal);
      const before = await collect(vectors.dump());
      const other = { ...version, digest: 'of another model' };
      const mistaken = [
        vectors.putMessages(other, [message({ tenant_id, message_id: 'other' })], signal),
        vectors.putCampaigns(other, [campaignVector(tenant_id, 'other')], signal),
        vectors.nearestCampaigns(amongCampaigns(tenant_id, { version: other }), signal),
        vectors.nearestMessages(amongMessages(tenant_id, { version: other }), signal),
        vectors.messages(other, tenant_id, 'u', ['m'], signal),
        vectors.campaign(other, tenant_id, 'c', signal),
      ];
      for (const call of await Promise.allSettled(mistaken))
        expect(call).toMatchObject({ status: 'rejected', reason: { code: 'version_mismatch' } });
      expect(await collect(vectors.dump())).toEqual(before);
    });

    test('vectors of one embedding version are never found under another', async () => {
      const [vectors, tenant_id] = [await open(), newTenant()];
      const wider: EmbeddingVersion = { ...version, id: 'test-v2', dimension: DIMENSION * 2 };
      const vector = unit([...FIRST_AXIS, ...FIRST_AXIS]);
      await vectors.putMessages(version, [message({ tenant_id, message_id: 'narrow' })], signal);
      await vectors.putMessages(wider, [message({ tenant_id, message_id: 'wide', vector })], signal);
      await vectors.putCampaigns(wider, [campaignVector(tenant_id, 'wide', { vector })], signal);
      const inWider = { version: wider, vectors: [vector] };
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual(['narrow']);
      expect(await idsNear(vectors, amongMessages(tenant_id, inWider))).toEqual(['wide']);
      expect(await campaignsNear(vectors, amongCampaigns(tenant_id))).toEqual([]);
      expect(await campaignsNear(vectors, amongCampaigns(tenant_id, inWider))).toEqual(['wide']);
      expect(await vectors.messages(version, tenant_id, 'u', ['wide'], signal)).toEqual([null]);
      expect(await vectors.campaign(version, tenant_id, 'wide', signal)).toBeNull();
    });

    test('two tenants with the same ids never see each other', async () => {
      const [vectors, one, other] = [await open(), newTenant(), newTenant()];
      const ids = [...ODD_IDS].sort();
      await vectors.putMessages(
        version,
        ids.map((id) => message({ tenant_id: one, user_id: id, message_id: id })),
        signal,
      );
      await vectors.putCampaigns(
        version,
        ids.map((id) => campaignVector(one, id, { version: 9 })),
        signal,
      );
      expect(await idsNear(vectors, amongMessages(other))).toEqual([]);
      expect(await campaignsNear(vectors, amongCampaigns(other))).toEqual([]);
      const last = ids.at(-1) as string;
      await vectors.putMessages(
        version,
        [message({ tenant_id: other, user_id: last, message_id: last })],
        signal,
      );
      await vectors.putCampaigns(
        version,
        [campaignVector(other, last), deletion(other, ids[0] as string, 10)],
        signal,
      );
      expect((await idsNear(vectors, amongMessages(one))).sort()).toEqual(ids);
      expect((await campaignsNear(vectors, amongCampaigns(one))).sort()).toEqual(ids);
      expect(await idsNear(vectors, amongMessages(other))).toEqual([last]);
      expect(await campaignsNear(vectors, amongCampaigns(other))).toEqual([last]);
    });

    test('which versions of campaigns there are is told, where one was deleted too, and of nobody else', async () => {
      const [vectors, tenant_id, other] = [await open(), newTenant(), newTenant()];
      const ids = [...ODD_IDS];
      const asked = [...ids, 'never-was', 'of-another'];
      expect(await vectors.campaignVersions(version, tenant_id, asked, signal)).toEqual([]);
      const put = ids.map((id, at) =>
        at % 2 ? deletion(tenant_id, id, at) : campaignVector(tenant_id, id, { version: at }),
      );
      const beside = [campaignVector(tenant_id, 'not-asked'), campaignVector(other, 'of-another')];
      await vectors.putCampaigns(version, [...put, ...beside], signal);
      const found = await vectors.campaignVersions(version, tenant_id, asked, signal);
      expect(found.sort((a, b) => a.version - b.version)).toEqual(
        ids.map((campaign_id, at) => ({ campaign_id, version: at, deleted: at % 2 === 1 })),
      );
      const unseen = { ...version, id: 'unseen' };
      expect(await vectors.campaignVersions(unseen, tenant_id, asked, signal)).toEqual([]);
      const another = { ...version, digest: 'another' };
      await expect(vectors.campaignVersions(another, tenant_id, asked, signal)).rejects.toThrow(
        VersionMismatch,
      );
    });

    test('old months go whole, of every version, but none of which a message was accepted lately', async () => {
      const [vectors, oracle, tenant_id] = [await open(), await open(), newTenant()];
      const in_ = (month: string, id: string, accepted_at = `${month}-02T00:00:00.000Z`) =>
        message({ tenant_id, message_id: id, occurred_at: `${month}-01T00:00:00.000Z`, accepted_at });
      const going = [in_('2026-10', 'a'), in_('2026-10', 'b'), in_('2026-11', 'c')];
      const imported = '2027-06-20T00:00:00.000Z';
      const staying = [
        in_('2026-12', 'd'),
        in_('2026-12', 'e', imported),
        in_('2027-02', 'f'),
        in_('2027-04', 'g'),
      ];
      const other = { ...version, id: 'test-v2' };
      const late = [in_('2027-03', 'h')];
      for (const store of [vectors, oracle]) await store.putMessages(version, staying, signal);
      for (const store of [vectors, oracle]) await store.putMessages(other, late, signal);
      await vectors.putMessages(version, going, signal);
      await vectors.putMessages(other, going.slice(0, 1), signal);
      expect(await idsNear(vectors, amongMessages(tenant_id))).toContain('a');

      const old = { month: '2027-02', accepted_before: '2027-06-01T00:00:00.000Z' };
      const before = await collect(vectors.dump());
      const months = [
        { version: 'test-v1', month: '2026-10', messages: 2 },
        { version: 'test-v1', month: '2026-11', messages: 1 },
        { version: 'test-v2', month: '2026-10', messages: 1 },
      ];
      expect(await vectors.dropBefore({ ...old, dry_run: true }, signal)).toEqual(months);
      expect(await collect(vectors.dump())).toEqual(before);
      await expect(vectors.dropBefore({ ...old, dry_run: false }, AbortSignal.abort())).rejects.toThrow();
      expect(await vectors.dropBefore({ ...old, dry_run: false }, signal)).toEqual(months);
      expect(await collect(vectors.dump())).toEqual(await collect(oracle.dump()));
      expect((await idsNear(vectors, amongMessages(tenant_id))).sort()).toEqual(['d', 'e', 'f', 'g']);
      expect(await vectors.dropBefore({ ...old, dry_run: false }, signal)).toEqual([]);
    });

    test('a version is dropped whole, no other is touched, and its id may be of another model afterwards', async () => {
      const [vectors, oracle, tenant_id, other] = [await open(), await open(), newTenant(), newTenant()];
      const beside = { ...version, id: 'test-v1-too' };
      const months = ['2026-09', '2026-11'].map((month) =>
        message({ tenant_id, message_id: month, occurred_at: `${month}-01T00:00:00.000Z` }),
      );
      for (const store of [vectors, oracle]) {
        await store.putMessages(beside, months, signal);
        await store.putCampaigns(beside, [campaignVector(tenant_id, 'c')], signal);
      }
      await vectors.putMessages(version, [...months, message({ tenant_id: other })], signal);
      await vectors.putCampaigns(version, [campaignVector(other, 'c')], signal);
      expect(await idsNear(vectors, amongMessages(tenant_id))).toHaveLength(2);
      expect(await campaignsNear(vectors, amongCampaigns(other))).toEqual(['c']);

      await expect(vectors.dropVersion(version.id, AbortSignal.abort())).rejects.toThrow();
      expect(await idsNear(vectors, amongMessages(tenant_id))).toHaveLength(2);
      for (const id of [version.id, version.id, 'nobody-has-it']) await vectors.dropVersion(id, signal);
      expect(await collect(vectors.dump())).toEqual(await collect(oracle.dump()));
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual([]);
      expect(await campaignsNear(vectors, amongCampaigns(other))).toEqual([]);
      expect(await vectors.messages(version, tenant_id, 'u', ['2026-09'], signal)).toEqual([null]);

      const changed = { ...version, dimension: 2, digest: 'another' };
      const vector = Float32Array.of(0, 1);
      await vectors.putMessages(changed, [message({ tenant_id, vector })], signal);
      expect(await vectors.messages(changed, tenant_id, 'u', ['m'], signal)).toEqual([vector]);
    });

    test('an aborted call rejects, and writes nothing', async () => {
      const [vectors, tenant_id, aborted] = [await open(), newTenant(), AbortSignal.abort()];
      await expect(vectors.putMessages(version, [message({ tenant_id })], aborted)).rejects.toThrow();
      await expect(
        vectors.putCampaigns(version, [campaignVector(tenant_id, 'c')], aborted),
      ).rejects.toThrow();
      await expect(vectors.nearestMessages(amongMessages(tenant_id), aborted)).rejects.toThrow();
      await expect(vectors.nearestCampaigns(amongCampaigns(tenant_id), aborted)).rejects.toThrow();
      await expect(vectors.messagesExactly(amongMessages(tenant_id), ALL, aborted)).rejects.toThrow();
      await expect(vectors.campaignsExactly(amongCampaigns(tenant_id), ALL, aborted)).rejects.toThrow();
      await expect(vectors.messages(version, tenant_id, 'u', ['m'], aborted)).rejects.toThrow();
      await expect(vectors.campaignVersions(version, tenant_id, ['c'], aborted)).rejects.toThrow();
      await expect(vectors.campaign(version, tenant_id, 'c', aborted)).rejects.toThrow();
      expect(await collect(vectors.dump())).toEqual([]);
      expect(await idsNear(vectors, amongMessages(tenant_id))).toEqual([]);
    });
  });
}
