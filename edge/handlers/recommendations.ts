import { parse, queryObject } from '#contract/parse.ts';
import {
  type RecommendationRequest,
  RecommendationsBody,
  RecommendationsQuery,
  recommendationsKey,
  requestOfBody,
  requestOfQuery,
} from '#contract/recommendation.ts';
import { readJson } from '../body.ts';
import { Lru } from '../cache/lru.ts';
import { recommendationsQuery } from '../canonical-query.ts';
import type { Wanted as Popular } from '../popular/stand-in.ts';
import type { Cached, Wanted } from './cached.ts';
import type { Asked, Handler } from './handler.ts';
import { refuseQuery } from './refuse-query.ts';
import type { Uncached } from './uncached.ts';

const MOST_BYTES = 64 * 1024;
const LISTS = ['tags', 'exclude'];
const REMEMBERED_BYTES = 2 * 1024 * 1024;
const OVERHEAD_BYTES = 512;

function pathOf(user_id: string): string {
  return `/v1/users/${encodeURIComponent(user_id)}/recommendations`;
}

function insteadOf(request: RecommendationRequest): Popular {
  const { user_id, placement, locale, limit, exclude, tags } = request;
  const around = () => ({ recommendation_id: crypto.randomUUID(), user_id, placement, model: 'popular' });
  return { placement, locale, limit, exclude, tags, around };
}

/**
 * Questions by who asks them and their address, so that one that is asked again is not read again. Bounded in
 * bytes, of which one with a long address may take all it wants once.
 */
function questionMemory(): Lru<Wanted> {
  return new Lru({
    most: REMEMBERED_BYTES,
    weigh: ({ key, path }, name) => OVERHEAD_BYTES + name.length + key.length + path.length,
  });
}

/** Campaigns that fit a person. */
export function recommendations(cached: Cached): Handler {
  const remembered = questionMemory();

  function read({ id, caller, query }: Asked): Wanted {
    const request = requestOfQuery(id, parse(RecommendationsQuery, queryObject(query, LISTS)));
    return {
      key: recommendationsKey(caller.tenant_id, request),
      user_id: id,
      path: `${pathOf(id)}?${recommendationsQuery(request)}`,
      popular: insteadOf(request),
    };
  }

  return (asked) => {
    // No tenant has a space in its name.
    const name = `${asked.caller.tenant_id} ${asked.url}`;
    let wanted = remembered.get(name);
    if (!wanted) {
      wanted = read(asked);
      remembered.set(name, wanted);
    }
    return cached(asked, wanted);
  };
}

/** Campaigns that fit a person and what is being said now, which no other question will equal. */
export function recommendationsNow(uncached: Uncached): Handler {
  return async (asked) => {
    refuseQuery(asked.query);
    const body = parse(RecommendationsBody, await readJson(asked.request, MOST_BYTES));
    return uncached(asked, {
      method: 'POST',
      path: pathOf(asked.id),
      body,
      popular: insteadOf(requestOfBody(asked.id, body)),
    });
  };
}
