import * as v from 'valibot';
import { openStores, type Stores } from '#backing/embedded.ts';
import { embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import { Campaign } from '#contract/campaign.ts';
import { Event } from '#contract/event.ts';
import type { RecommendationRequest } from '#contract/recommendation.ts';
import { topics } from '#contract/topics.ts';
import { openRecommender, type RecommenderOptions } from '../../origin/recommender.ts';
import { temporaryFolder } from '../support/folder.ts';

export const signal = new AbortController().signal;
export const NOW = Date.parse('2026-11-01T12:00:00Z');

export const request = (asked: Partial<RecommendationRequest> = {}): RecommendationRequest => ({
  user_id: 'ada',
  placement: 'discover',
  limit: 10,
  locale: null,
  tags: [],
  exclude: [],
  context: null,
  ...asked,
});

/** Stores with what a test puts in, and a recommender over them; the clock stands where it is set. Worlds may share stores. */
export async function openWorld(
  tenant_id = 'acme',
  overrides: Partial<RecommenderOptions> = {},
  shared?: Stores,
) {
  const folder = await temporaryFolder();
  const time = { now: NOW };
  const clock = () => time.now;
  const stores = shared ?? openStores({ path: (name) => `${folder}/${name}`, clock });
  const reports: Readonly<Record<string, unknown>>[] = [];
  const options: RecommenderOptions = {
    ...stores,
    embedders: embeddersOf(hashingEmbedder),
    clock,
    refresh_ms: 0,
    report: (line) => reports.push(line),
    ...overrides,
  };
  const { embedders } = options;
  const recommender = openRecommender(options);
  let offset = 0;
  return {
    stores,
    recommender,
    options,
    time,
    clock,
    reports,
    tenant_id,
    async campaigns(...given: v.InferInput<typeof Campaign>[]) {
      const campaigns = given.map((one) => v.parse(Campaign, one));
      const at = ++offset;
      const rows = campaigns.map((campaign) => ({
        tenant_id,
        campaign_id: campaign.campaign_id,
        version: at,
        campaign,
      }));
      await stores.catalogue.put(rows, signal);
      for (const { version, embed } of embedders.all) {
        const vectors = await embed(
          campaigns.map(({ title, text }) => `${title} ${text}`),
          signal,
        );
        await stores.vectors.putCampaigns(
          version,
          rows.map((row, i) => ({ ...row, vector: vectors[i] as Float32Array })),
          signal,
        );
      }
      await stores.answers.raise([{ tenant_id, user_id: null }], signal);
    },
    async events(given: v.InferInput<typeof Event>[], imported = false) {
      const events = given.map((one) => v.parse(Event, one));
      const accepted_at = new Date(time.now).toISOString();
      await stores.counters.apply(
        events.map((event) => ({ imported, envelope: { v: 1, tenant_id, accepted_at, event } })),
        signal,
      );
      for (const event of events) {
        if (event.type !== 'message') continue;
        const place = { topic: topics.events, partition: 0, offset: ++offset };
        for (const { version, embed } of embedders.all) {
          const [vector] = await embed([event.text], signal);
          const row = {
            ...event,
            lived_at: event.occurred_at,
            accepted_at: event.occurred_at,
            tenant_id,
            place,
            vector: vector as Float32Array,
          };
          await stores.vectors.putMessages(version, [row], signal);
        }
      }
      await stores.answers.raise(
        events.map(({ user_id }) => ({ tenant_id, user_id })),
        signal,
      );
    },
    /** The campaigns that are recommended, best first. */
    async ask(asked: Partial<RecommendationRequest> = {}) {
      const epochs = await stores.answers.read(tenant_id, asked.user_id ?? 'ada', signal);
      const { content } = await recommender.recommendations(request(asked), { tenant_id, epochs, signal });
      return { ...content, ids: content.items.map(({ campaign_id }) => campaign_id) };
    },
  };
}

let count = 0;
/** A message of somebody, about a campaign or about none. */
export const said = (
  user_id: string,
  text: string,
  campaign_id: string | null = null,
  occurred_at = '2026-11-01T10:00:00Z',
) => ({ type: 'message', message_id: `m-${++count}`, user_id, text, campaign_id, occurred_at }) as const;

/** A click, dismissal or another thing done to a campaign. */
export const did = (
  type: 'click' | 'dismissal' | 'impression' | 'conversion',
  user_id: string,
  campaign_id: string,
  occurred_at = '2026-11-01T10:00:00Z',
) => ({ type, message_id: `m-${++count}`, user_id, campaign_id, occurred_at }) as const;

export const topicsOfTalk = [
  {
    campaign_id: 'wifi',
    title: 'Wireless',
    text: 'Wifi drops, weak signal, wireless drivers',
    tags: ['network'],
  },
  {
    campaign_id: 'printing',
    title: 'Printing',
    text: 'Printers, scanners and paper jams',
    tags: ['hardware'],
  },
  {
    campaign_id: 'backup',
    title: 'Backups',
    text: 'Keep copies of your photos and documents',
    tags: ['disk'],
  },
  { campaign_id: 'games', title: 'Games', text: 'Play strategy games and shooters', tags: ['fun'] },
];
