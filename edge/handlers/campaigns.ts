import { parse, queryObject } from '#contract/parse.ts';
import { PopularQuery, popularKey, SimilarQuery, similarKey } from '#contract/recommendation.ts';
import { popularQuery } from '../canonical-query.ts';
import type { Cached } from './cached.ts';
import type { Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';
import type { Uncached } from './uncached.ts';

function pathOf(campaign_id: string): string {
  return `/v1/campaigns/${encodeURIComponent(campaign_id)}`;
}

/** Where campaigns stand that are asked for without a place: the one that shows what is new. */
const PLACEMENT = 'discover';

/** Campaigns that are popular now. */
export function popular(cached: Cached): Handler {
  return async (asked) => {
    const { limit, locale = null } = parse(PopularQuery, queryObject(asked.query));
    return cached(asked, {
      key: popularKey(asked.caller.tenant_id, locale, limit),
      user_id: null,
      path: `/v1/campaigns/popular?${popularQuery(limit, locale)}`,
      popular: { placement: PLACEMENT, locale, limit, exclude: [], tags: [], around: () => ({}) },
    });
  };
}

/** Campaigns like a campaign. */
export function similar(cached: Cached): Handler {
  return async (asked) => {
    const { limit } = parse(SimilarQuery, queryObject(asked.query));
    return cached(asked, {
      key: similarKey(asked.caller.tenant_id, asked.id, limit),
      user_id: null,
      path: `${pathOf(asked.id)}/similar?limit=${limit}`,
      popular: {
        placement: PLACEMENT,
        locale: null,
        limit,
        exclude: [asked.id],
        tags: [],
        around: () => ({}),
      },
    });
  };
}

/** A campaign as the catalogue has it. */
export function campaign(uncached: Uncached): Handler {
  return async (asked) => {
    refuseQuery(asked.query);
    return uncached(asked, { method: 'GET', path: pathOf(asked.id) });
  };
}
