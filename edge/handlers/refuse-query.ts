import * as v from 'valibot';
import { parse, queryObject } from '#contract/parse.ts';

const Nothing = v.strictObject({});

/** For a route without a query: throws `invalid-request` where there is one. */
export function refuseQuery(query: URLSearchParams): void {
  if (query.size > 0) parse(Nothing, queryObject(query));
}
