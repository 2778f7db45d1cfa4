import { parse, queryObject } from '#contract/parse.ts';
import {
  RecommendationsBody,
  RecommendationsQuery,
  recommendationsKey,
  requestOfQuery,
} from '#contract/recommendation.ts';
import { readJson } from '../body.ts';
import { recommendationsQuery } from '../canonical-query.ts';
import type { Cached } from './cached.ts';
import type { Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';
import type { Uncached } from './uncached.ts';

const MOST_BYTES = 64 * 1024;
const LISTS = ['tags', 'exclude'];

function pathOf(user_id: string): string {
  return `/v1/users/${encodeURIComponent(user_id)}/recommendations`;
}

/** Campaigns that fit a person. */
export function recommendations(cached: Cached): Handler {
  return async (asked) => {
    const { id, caller, query } = asked;
    const request = requestOfQuery(id, parse(RecommendationsQuery, queryObject(query, LISTS)));
    return cached(asked, {
      key: recommendationsKey(caller.tenant_id, request),
      user_id: id,
      path: `${pathOf(id)}?${recommendationsQuery(request)}`,
    });
  };
}

/** Campaigns that fit a person and what is being said now, which no other question will equal. */
export function recommendationsNow(uncached: Uncached): Handler {
  return async (asked) => {
    refuseQuery(asked.query);
    const body = parse(RecommendationsBody, await readJson(asked.request, MOST_BYTES));
    return uncached(asked, { method: 'POST', path: pathOf(asked.id), body });
  };
}
