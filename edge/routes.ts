import type { Scope } from '#contract/caller.ts';

/**
 * Whose things a route shows to a person's token:
 * - `anyone`: nobody's in particular;
 * - `self`: those of the person in the path, who must be the one asking;
 * - `server`: nobody's: only the tenant's own servers may ask, with an API key;
 * - `asker`: those of whoever asked for it, which the origin knows;
 * - `each`: those of the persons in the body, whom the gateway compares with the one asking, event by event.
 */
type SubjectRule = 'anyone' | 'self' | 'asker' | 'each' | 'server';

export type Route = {
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: `/v1/${string}` | '/docs';
  /** What a token must allow; null where none is needed at all. */
  scope: Scope | null;
  subject: SubjectRule;
};

/** Every route: who may ask what. HEAD is answered wherever GET is. */
// biome-ignore format: a table is read by its columns
export const routes = [
  { name: 'health',              method: 'GET',    path: '/v1/health',                         scope: null,                   subject: 'anyone' },
  { name: 'openapi',             method: 'GET',    path: '/v1/openapi.json',                   scope: null,                   subject: 'anyone' },
  { name: 'docs',                method: 'GET',    path: '/docs',                              scope: null,                   subject: 'anyone' },
  { name: 'recommendations',     method: 'GET',    path: '/v1/users/:user_id/recommendations', scope: 'recommendations:read', subject: 'self' },
  { name: 'recommendations_now', method: 'POST',   path: '/v1/users/:user_id/recommendations', scope: 'recommendations:read', subject: 'self' },
  { name: 'popular',             method: 'GET',    path: '/v1/campaigns/popular',              scope: 'recommendations:read', subject: 'anyone' },
  { name: 'similar',             method: 'GET',    path: '/v1/campaigns/:campaign_id/similar', scope: 'recommendations:read', subject: 'anyone' },
  { name: 'campaign',            method: 'GET',    path: '/v1/campaigns/:campaign_id',         scope: 'campaigns:read',       subject: 'anyone' },
  { name: 'put_campaign',        method: 'PUT',    path: '/v1/campaigns/:campaign_id',         scope: 'campaigns:write',      subject: 'server' },
  { name: 'delete_campaign',     method: 'DELETE', path: '/v1/campaigns/:campaign_id',         scope: 'campaigns:write',      subject: 'server' },
  { name: 'put_campaigns',       method: 'POST',   path: '/v1/campaigns',                      scope: 'campaigns:write',      subject: 'server' },
  { name: 'events',              method: 'POST',   path: '/v1/events',                         scope: 'events:write',         subject: 'each' },
  { name: 'forget_person',       method: 'DELETE', path: '/v1/users/:user_id',                 scope: 'users:delete',         subject: 'self' },
  { name: 'export_person',       method: 'GET',    path: '/v1/users/:user_id/export',          scope: 'users:delete',         subject: 'self' },
  { name: 'deletion',            method: 'GET',    path: '/v1/deletions/:deletion_id',         scope: 'users:delete',         subject: 'asker' },
  { name: 'list_keys',           method: 'GET',    path: '/v1/admin/keys',                     scope: 'admin',                subject: 'server' },
  { name: 'create_key',          method: 'POST',   path: '/v1/admin/keys',                     scope: 'admin',                subject: 'server' },
  { name: 'rotate_key',          method: 'POST',   path: '/v1/admin/keys/:key_id/rotate',      scope: 'admin',                subject: 'server' },
  { name: 'revoke_key',          method: 'DELETE', path: '/v1/admin/keys/:key_id',             scope: 'admin',                subject: 'server' },
  { name: 'list_placements',     method: 'GET',    path: '/v1/admin/placements',               scope: 'admin',                subject: 'server' },
  { name: 'put_placement',       method: 'PUT',    path: '/v1/admin/placements/:placement',    scope: 'admin',                subject: 'server' },
  { name: 'move_placement',      method: 'POST',   path: '/v1/admin/placements/:placement',    scope: 'admin',                subject: 'server' },
  { name: 'list_models',         method: 'GET',    path: '/v1/admin/models',                   scope: 'admin',                subject: 'server' },
  { name: 'read_model',          method: 'GET',    path: '/v1/admin/models/:model',            scope: 'admin',                subject: 'server' },
  { name: 'put_model',           method: 'PUT',    path: '/v1/admin/models/:model',            scope: 'admin',                subject: 'server' },
  { name: 'move_model',          method: 'POST',   path: '/v1/admin/models/:model',            scope: 'admin',                subject: 'server' },
  { name: 'tenants',             method: 'GET',    path: '/v1/admin/tenants',                  scope: 'admin',                subject: 'server' },
] as const satisfies readonly Route[];

export type RouteName = (typeof routes)[number]['name'];
