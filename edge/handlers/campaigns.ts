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

/** Campaigns that are popular now. */
export function popular(cached: Cached): Handler {
  return async (asked) => {
    const { limit, locale = null } = parse(PopularQuery, queryObject(asked.query));
    return cached(asked, {
      key: popularKey(asked.caller.tenant_id, locale, limit),
      user_id: null,
      path: `/v1/campaigns/popular?${popularQuery(limit, locale)}`,
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
