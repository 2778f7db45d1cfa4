import {
  ENGAGEMENTS_KEPT,
  type Engagement,
  IMPRESSIONS_KEPT,
  IMPRESSIONS_MS,
  type Impression,
  MESSAGES_KEPT,
  type MessageRef,
  type Profile,
} from './port.ts';

export const emptyProfile: Profile = {
  messages: [],
  engagements: [],
  engaged: new Map(),
  dismissed: new Map(),
};

type Dated = { message_id: string; occurred_at: string };

/** Newest first; equal moments by id, so that the order is one whatever came first. */
function newestFirst(a: Dated, b: Dated): number {
  if (a.occurred_at !== b.occurred_at) return a.occurred_at < b.occurred_at ? 1 : -1;
  return a.message_id < b.message_id ? 1 : a.message_id > b.message_id ? -1 : 0;
}

/** The newest `most` of both lists, each id once. */
function newest<Item extends Dated>(kept: readonly Item[], added: readonly Item[], most: number): Item[] {
  const known = new Set(kept.map(({ message_id }) => message_id));
  const fresh = added.filter(({ message_id }) => !known.has(message_id) && known.add(message_id));
  return [...kept, ...fresh].sort(newestFirst).slice(0, most);
}

function latest(kept: ReadonlyMap<string, string>, added: readonly Engagement[]): Map<string, string> {
  const result = new Map(kept);
  for (const { campaign_id, occurred_at } of added) {
    if ((result.get(campaign_id) ?? '') < occurred_at) result.set(campaign_id, occurred_at);
  }
  return result;
}

/** What is new about a person. */
export type Addition = {
  messages: MessageRef[];
  engagements: Engagement[];
  dismissals: Engagement[];
  impressions: Impression[];
};

/** A profile with additions: union, then truncation. Commutative, associative and idempotent. */
export function merge(
  profile: Profile,
  { messages, engagements, dismissals }: Omit<Addition, 'impressions'>,
): Profile {
  return {
    messages: newest(profile.messages, messages, MESSAGES_KEPT),
    engagements: newest(profile.engagements, engagements, ENGAGEMENTS_KEPT),
    engaged: latest(profile.engaged, engagements),
    dismissed: latest(profile.dismissed, dismissals),
  };
}

/**
 * Impressions with others: union, then those too old for any cap go, of each campaign the newest stay, and of these the
 * newest of all. What is cut are always the oldest, of a campaign or of all: so this too is commutative, associative and
 * idempotent.
 */
export function mergeImpressions(kept: readonly Impression[], added: readonly Impression[]): Impression[] {
  if (added.length === 0) return [...kept];
  const all = newest(kept, added, Number.POSITIVE_INFINITY);
  const oldest = new Date(Date.parse(all[0]?.occurred_at as string) - IMPRESSIONS_MS).toISOString();
  const ofCampaign = new Map<string, number>();
  const left: Impression[] = [];
  for (const impression of all) {
    if (impression.occurred_at < oldest || left.length === IMPRESSIONS_KEPT.of_all) break;
    const many = ofCampaign.get(impression.campaign_id) ?? 0;
    if (many === IMPRESSIONS_KEPT.of_campaign) continue;
    ofCampaign.set(impression.campaign_id, many + 1);
    left.push(impression);
  }
  return left;
}
