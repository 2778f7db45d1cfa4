import type { JsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { KeyId } from '#contract/api-key.ts';
import { BOOKMARK_HEADER } from '#contract/bookmark.ts';
import { DeletionId } from '#contract/deletion.ts';
import { CampaignId, Id } from '#contract/ids.ts';
import { ProblemDetails } from '#contract/problem-details.ts';
import { type Route, type RouteName, routes } from '../../edge/routes.ts';
import { jsonSchema } from './json-schema.ts';
import { type ComponentName, components, type Operation, operations } from './operations.ts';

type Json = Record<string, unknown>;

const IDS: Record<string, v.GenericSchema> = {
  user_id: Id,
  campaign_id: CampaignId,
  key_id: KeyId,
  deletion_id: DeletionId,
  placement: Id,
  model: Id,
};

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const problem = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});

/** What can go wrong, by status, where a caller can do something about it. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Who is asking is not known: the token or API key is missing, wrong, ended or revoked',
  403: 'The token does not allow this, or the page that asks is none of the tenant’s',
  404: 'There is no such thing, or it is not yours to see',
  412: 'What the bookmark stands for cannot be read yet; ask again, or without it',
  408: 'The body did not come in time',
  413: 'The body is too large',
  415: 'The body is of a kind that is not read here',
  422: 'The request does not hold what it should; `errors` points at each field',
  429: 'More was asked than is allowed; `Retry-After` says when to ask again',
  503: 'The answer cannot be made just now; ask again',
  504: 'The answer was not ready in time; ask again',
};

/** True where a bookmark is waited for. */
const waits = ({ scope }: Route) => scope === 'recommendations:read' || scope === 'campaigns:read';

function problemsOf(route: Route, { body, cached }: Operation): number[] {
  if (route.scope === null) return [429];
  const marked = waits(route) ? [400, ...(body || cached ? [] : [412])] : [];
  const sent = body ? [400, 408, 413, 415] : [];
  return [...new Set([401, 403, 404, 422, 429, 503, 504, ...marked, ...sent])].sort();
}

function pathParameter(route: Route): Json[] {
  const name = /:(\w+)/.exec(route.path)?.[1];
  return name ? [{ name, in: 'path', required: true, schema: jsonSchema(IDS[name] as v.GenericSchema) }] : [];
}

function queryParameters({ query }: Operation): Json[] {
  if (!query) return [];
  const { properties = {} } = jsonSchema(query, components) as { properties?: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

const HEADER_PARAMETERS = {
  ifNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The ETag of an answer that is held already',
    schema: { type: 'string' },
  },
  bookmark: {
    name: BOOKMARK_HEADER,
    in: 'header',
    description: 'Of a write that the answer must not be of before; else it says `pending_write`',
    schema: { type: 'string' },
  },
};

function requestBody({ body }: Operation): Json {
  if (!body) return {};
  const lines = body.ndjson && {
    'application/x-ndjson': { schema: { type: 'string', description: body.ndjson } },
  };
  const content = { 'application/json': { schema: ref(body.schema) }, ...lines };
  return { requestBody: { required: true, content } };
}

const HEADERS: Record<string, string> = {
  ETag: 'What the answer is held under',
  'Cache-Status': 'Where the answer came from (RFC 9211)',
  [BOOKMARK_HEADER]: 'Where on the log it stands',
};

function successOf({ success: [status, holds], cached }: Operation): Json {
  const named = cached ? ['ETag', 'Cache-Status'] : status === 202 ? [BOOKMARK_HEADER] : [];
  const headers = Object.fromEntries(
    named.map((name) => [name, { description: HEADERS[name], schema: { type: 'string' } }]),
  );
  const content = holds.includes('/')
    ? { [holds]: {} }
    : { 'application/json': { schema: ref(holds as ComponentName) } };
  const given = { description: status === 202 ? 'The log has it' : 'The answer', headers, content };
  return cached
    ? { [status]: given, 304: { description: 'The answer is the one that is held already' } }
    : { [status]: given };
}

const WHO: Record<Route['subject'], string> = {
  anyone: 'a token or an API key',
  self: 'a token of that person, or an API key',
  asker: 'a token of whoever asked for it, or an API key',
  each: 'a token, for its own person’s events, or an API key',
  server: 'an API key',
};

function operationOf(route: Route & { name: RouteName }): Json {
  const operation = operations[route.name];
  const { scope, subject } = route;
  const problems = problemsOf(route, operation).map((status) => [
    status,
    { $ref: `#/components/responses/${status}` },
  ]);
  const security = scope && [...(subject === 'server' ? [] : [{ token: [scope] }]), { api_key: [scope] }];
  return {
    operationId: route.name,
    summary: operation.summary,
    ...(scope && { description: `By ${WHO[subject]}, with the scope \`${scope}\`.` }),
    tags: [operation.tag],
    security: security ?? [],
    parameters: [
      ...pathParameter(route),
      ...queryParameters(operation),
      ...(operation.cached ? [{ $ref: '#/components/parameters/ifNoneMatch' }] : []),
      ...(waits(route) ? [{ $ref: '#/components/parameters/bookmark' }] : []),
    ],
    ...requestBody(operation),
    responses: { ...successOf(operation), ...Object.fromEntries(problems) },
  };
}

function paths(): Json {
  const all: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    all[path] = { ...all[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return all;
}

/** The OpenAPI document of the public API, from the table of routes and the schemas that validate. */
export function openapiDocument(): Json {
  const schemas = Object.entries(components).map(([name, schema]) => [name, jsonSchema(schema, components)]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Edgewise',
      version: '1',
      summary: 'Recommendations for conversations, answered at the edge',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(operations).map(({ tag }) => tag))].map((name) => ({ name })),
    paths: paths(),
    components: {
      schemas: { ...Object.fromEntries(schemas), Problem: jsonSchema(ProblemDetails) },
      parameters: HEADER_PARAMETERS,
      responses: Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, told]) => [status, problem(told)]),
      ),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of a person, by an issuer that is bound to the tenant',
        },
        api_key: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'ew_<id>_<secret>',
          description: 'A key of a tenant’s own servers; refused with an Origin',
        },
      },
    },
  };
}
