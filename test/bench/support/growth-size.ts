import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { MessageVector } from '#backing/vectors/port.ts';
import { type Campaign, Campaign as CampaignSchema } from '#contract/campaign.ts';
import { livedAt } from '#contract/deletion.ts';
import { parse } from '#contract/parse.ts';
import { topics } from '#contract/topics.ts';
import { type Random, seededRandom } from '../../../infra/local/simulated/random.ts';

export type GrowthSize = { messages: number; campaigns: number; on: 'embedded' | 'milvus' };

export const TENANT = 'growth';
const MESSAGES_A_PERSON = 50;
const DAY_MS = 86_400_000;
const DAYS = 60;
const { dimension } = hashingEmbedder.version;

/** A direction drawn evenly enough: components of either sign, of length 1. */
function direction(random: Random): Float32Array {
  return scaled(Float32Array.from({ length: dimension }, () => random.next() + random.next() - 1));
}

function scaled(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const component of vector) squares += component * component;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) * scale;
  return vector;
}

/** A vector like another: as much of it is its own. */
function like(centre: Float32Array, random: Random): Float32Array {
  const own = direction(random);
  for (let i = 0; i < own.length; i++) own[i] = (own[i] as number) + (centre[i] as number);
  return scaled(own);
}

export type GrownMessage = MessageVector & { campaign_id: string };

/** A tenant of a size, the same each time: each message is about a campaign, and its vector is like the campaign's. */
export function grownTenant({ messages, campaigns }: GrowthSize, now_ms: number) {
  const [random, asking] = [seededRandom(1), seededRandom(2)];
  const centres = Array.from({ length: campaigns }, () => direction(random));
  const accepted_at = new Date(now_ms).toISOString();
  const campaignOf = (at: number): Campaign =>
    parse(CampaignSchema, { campaign_id: `c-${at}`, title: `Campaign ${at}`, text: `theme ${at}` });
  return {
    people: Math.ceil(messages / MESSAGES_A_PERSON),
    accepted_at,
    campaigns: centres.map((vector, at) => ({ campaign: campaignOf(at), vector })),
    /** Vectors to search by, of what nobody said. */
    questions: (count: number) => Array.from({ length: count }, () => like(asking.pick(centres), asking)),
    *messages(): Generator<GrownMessage> {
      for (let at = 0; at < messages; at++) {
        const about = Math.floor(random.next() * campaigns);
        const occurred_at = new Date(now_ms - random.next() * DAYS * DAY_MS).toISOString();
        yield {
          ...{ tenant_id: TENANT, user_id: `u-${Math.floor(at / MESSAGES_A_PERSON)}`, message_id: `m-${at}` },
          ...{ occurred_at, accepted_at, campaign_id: `c-${about}`, locale: null },
          lived_at: livedAt({ accepted_at, occurred_at }),
          place: { topic: topics.events, partition: 0, offset: at },
          vector: like(centres[about] as Float32Array, random),
        };
      }
    },
  };
}
