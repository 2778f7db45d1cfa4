import type { Scope } from '#contract/caller.ts';

/**
 * Whose things a route shows to a person's token:
 * - `anyone`: nobody's in particular;
 * - `self`: those of the person in the path, who must be the one asking;
 * - `each`: those of the persons in the body, whom the gateway compares with the one asking, event by event.
 */
type SubjectRule = 'anyone' | 'self' | 'each';

export type Route = {
  name: string;
  method: 'GET' | 'POST';
  path: `/v1/${string}`;
  /** What a token must allow; null where none is needed at all. */
  scope: Scope | null;
  subject: SubjectRule;
};

/** Every route: who may ask what. HEAD is answered wherever GET is. */
// biome-ignore format: a table is read by its columns
export const routes = [
  { name: 'health',              method: 'GET',  path: '/v1/health',                         scope: null,                   subject: 'anyone' },
  { name: 'recommendations',     method: 'GET',  path: '/v1/users/:user_id/recommendations', scope: 'recommendations:read', subject: 'self' },
  { name: 'recommendations_now', method: 'POST', path: '/v1/users/:user_id/recommendations', scope: 'recommendations:read', subject: 'self' },
  { name: 'popular',             method: 'GET',  path: '/v1/campaigns/popular',              scope: 'recommendations:read', subject: 'anyone' },
  { name: 'similar',             method: 'GET',  path: '/v1/campaigns/:campaign_id/similar', scope: 'recommendations:read', subject: 'anyone' },
  { name: 'campaign',            method: 'GET',  path: '/v1/campaigns/:campaign_id',         scope: 'campaigns:read',       subject: 'anyone' },
  { name: 'events',              method: 'POST', path: '/v1/events',                         scope: 'events:write',         subject: 'each' },
] as const satisfies readonly Route[];

export type RouteName = (typeof routes)[number]['name'];
