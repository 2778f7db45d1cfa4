import type { Clock } from '#contract/clock.ts';
import type { Item } from '#contract/recommendation.ts';
import type { Audience, PopularLists } from './lists.ts';

/** What an answer is named to lack that is made without the origin. */
const DEGRADED = ['origin'];

/** A question that what is popular can stand in for the answer to. */
export type Wanted = Omit<Audience, 'tenant_id'> & {
  limit: number;
  /** Campaigns that must not be in it. */
  exclude: readonly string[];
  tags: readonly string[];
  /** Whether it is asked for with a bookmark, which the list may be of before. */
  pending?: boolean;
  /** The answer around the items: what a recommendation has beside them, nothing for a list of campaigns. */
  around: () => Readonly<Record<string, unknown>>;
};

/** An answer made of the published list, and how old that is; null where there is none. */
export type StandIn = (tenant_id: string, wanted: Wanted) => Promise<{ body: string; age_s: number } | null>;

/** The items that fit. Which tags a campaign has is not published, so none is known to fit where some are asked for. */
function fitting(items: readonly Item[], { limit, exclude, tags }: Wanted): Item[] {
  if (tags.length > 0) return [];
  return items
    .filter(({ campaign_id }) => !exclude.includes(campaign_id))
    .slice(0, limit)
    .map((item, at) => ({ ...item, rank: at + 1 }));
}

/** Answers from the popular lists, for when neither the origin nor a kept answer can. */
export function standIns({ lists, clock }: { lists: PopularLists | null; clock: Clock }): StandIn {
  return async (tenant_id, wanted) => {
    const { placement, locale, around, pending } = wanted;
    const list = await lists?.read({ tenant_id, placement, locale });
    if (!list) return null;
    const body = JSON.stringify({
      ...around(),
      generated_at: new Date(list.published_ms).toISOString(),
      degraded: pending ? [...DEGRADED, 'pending_write'] : DEGRADED,
      items: fitting(list.items, wanted),
    });
    return { body, age_s: Math.max(0, Math.floor((clock() - list.published_ms) / 1000)) };
  };
}
