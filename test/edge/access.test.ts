import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SCOPES } from '#contract/caller.ts';
import { type Route, routes } from '../../edge/routes.ts';
import { ask, behind, openEdge, resetBehind } from './support/edge.ts';
import { EVERYTHING, FOREIGN_TENANT, token, unsignedToken } from './support/tokens.ts';

beforeAll(openEdge);
beforeEach(resetBehind);
afterEach(() => {
  vi.useRealTimers();
});

const ME = 'me';

const statusOf = (route: Route) => (route.name === 'events' ? 202 : 200);
const pathOf = (route: Route, user_id = ME) =>
  route.path.replace(':user_id', user_id).replace(':campaign_id', 'c-1');

function requestOf(route: Route): RequestInit {
  if (route.method === 'GET') return { method: 'GET' };
  return { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };
}

const without = (scope: string | null) => SCOPES.filter((other) => other !== scope).join(' ');

async function altered(): Promise<string> {
  const [header, , signature] = (await token(ME)).split('.');
  const [, payload] = (await token(ME, { extra: true })).split('.');
  return [header, payload, signature].join('.');
}

type Identity = { authorization(route: Route): Promise<string | null>; status(route: Route): number };

const bearer = (make: (route: Route) => string | Promise<string>) => async (route: Route) =>
  `Bearer ${await make(route)}`;
const refused = () => 401;

const identities: Record<string, Identity> = {
  none: { authorization: async () => null, status: refused },
  'another scheme': { authorization: async () => 'Basic bWU6bWU=', status: refused },
  'an empty token': { authorization: async () => 'Bearer ', status: refused },
  malformed: { authorization: bearer(() => 'a.b.c'), status: refused },
  'an API key': { authorization: bearer(() => 'ew_1_abc'), status: refused },
  'too long': { authorization: bearer(() => `a.${'b'.repeat(9000)}.c`), status: refused },
  expired: { authorization: bearer(() => token(ME, {}, { exp_in_s: -31 })), status: refused },
  'expired within the leeway': {
    authorization: bearer(() => token(ME, {}, { exp_in_s: -10 })),
    status: statusOf,
  },
  'without an end': { authorization: bearer(() => token(ME, {}, { exp_in_s: null })), status: refused },
  'ending more than 24 h ahead': {
    authorization: bearer(() => token(ME, {}, { exp_in_s: 86_500 })),
    status: refused,
  },
  'not valid yet': {
    authorization: bearer(() => token(ME, { nbf: Date.now() / 1000 + 300 })),
    status: refused,
  },
  'of an unknown issuer': {
    authorization: bearer(() => token(ME, { iss: 'https://evil.test' })),
    status: refused,
  },
  "of another issuer's key": {
    authorization: bearer(() => token(ME, {}, { by: 'stranger' })),
    status: refused,
  },
  'for another audience': { authorization: bearer(() => token(ME, { aud: 'else' })), status: refused },
  "of an algorithm that is not the issuer's": {
    authorization: bearer(() => token(ME, {}, { by: 'rsa' })),
    status: refused,
  },
  'of the algorithm none': { authorization: bearer(() => unsignedToken(ME)), status: refused },
  'by an unpublished key': {
    authorization: bearer(() => token(ME, {}, { by: 'unpublished' })),
    status: refused,
  },
  'by a key in its own header': {
    authorization: bearer(() => token(ME, {}, { by: 'embedded' })),
    status: refused,
  },
  'that names no key': { authorization: bearer(() => token(ME, {}, { by: 'nameless' })), status: refused },
  'altered after it was signed': { authorization: bearer(altered), status: refused },
  "for a tenant that is not its issuer's": {
    authorization: bearer(() => token(ME, { tenant: FOREIGN_TENANT })),
    status: refused,
  },
  'without a tenant': { authorization: bearer(() => token(ME, { tenant: undefined })), status: refused },
  'with a subject that is no id': { authorization: bearer(() => token('a/b')), status: refused },
  'without the scope': {
    authorization: bearer((route) => token(ME, { scope: without(route.scope) })),
    status: () => 403,
  },
  'without any scope': { authorization: bearer(() => token(ME, { scope: undefined })), status: () => 403 },
  'of another person': {
    authorization: bearer(() => token('someone')),
    status: (route) => (route.subject === 'self' ? 404 : statusOf(route)),
  },
  'right in all': { authorization: bearer(() => token(ME)), status: statusOf },
  'right in all, the scheme in small letters': {
    authorization: async () => `bearer ${await token(ME, { scope: EVERYTHING })}`,
    status: statusOf,
  },
};

for (const route of routes as readonly Route[]) {
  describe(`${route.method} ${route.path}`, () => {
    test.each(Object.entries(identities))('answers a token that is %s as it should', async (_, identity) => {
      const authorization = await identity.authorization(route);
      const { headers, ...request } = requestOf(route);
      const given = { ...headers, ...(authorization === null ? {} : { Authorization: authorization }) };
      const response = await ask(pathOf(route), { ...request, headers: given });
      const body = await response.text();
      const status = route.scope === null ? 200 : identity.status(route);
      expect(response.status, body).toBe(status);
      expect(response.headers.get('WWW-Authenticate')).toBe(status === 401 ? 'Bearer' : null);
      if (status >= 400) {
        expect(response.headers.get('Content-Type')).toBe('application/problem+json');
        expect(JSON.parse(body)).toMatchObject({ status, instance: pathOf(route) });
        expect(behind.asked).toEqual([]);
      }
    });
  });
}

test("another person's recommendations are not found in the same words as an address that is not there", async () => {
  const as = await token(ME);
  const told = async (path: string) => {
    const { instance, ...rest } = await (await ask(path, { as })).json<Record<string, unknown>>();
    expect(instance).toBe(path);
    return rest;
  };
  const theirs = await told('/v1/users/someone/recommendations');
  expect(theirs).toEqual(await told('/v1/nothing'));
  expect(theirs).toEqual(await told('/v1/users/%ff/recommendations'));
});

test('a token that was verified is not believed past its end', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const as = await token(ME, {}, { exp_in_s: 10 });
  expect((await ask('/v1/campaigns/popular', { as })).status).toBe(200);
  vi.setSystemTime(Date.now() + 39_000);
  expect((await ask('/v1/campaigns/popular', { as })).status).toBe(200);
  vi.setSystemTime(Date.now() + 2_000);
  expect((await ask('/v1/campaigns/popular', { as })).status).toBe(401);
});

test('the caller and the scopes of the token are what the tier behind is told', async () => {
  await ask('/v1/campaigns/c-1', { as: await token(ME, { scope: 'campaigns:read unheard:of' }) });
  expect(behind.asked[0]?.caller).toEqual({ tenant_id: 'acme', subject: ME, scopes: ['campaigns:read'] });
});

test.each([
  ['DELETE', '/v1/users/me/recommendations', 'GET, HEAD, POST'],
  ['POST', '/v1/campaigns/popular', 'GET, HEAD'],
  ['PUT', '/v1/campaigns/c-1', 'GET, HEAD'],
  ['GET', '/v1/events', 'POST'],
  ['HEAD', '/v1/events', 'POST'],
  ['POST', '/v1/health', 'GET, HEAD'],
])('%s %s is refused, and told what it takes', async (method, path, allow) => {
  const response = await ask(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('Allow')).toBe(allow);
  if (method !== 'HEAD') expect(await response.json()).toMatchObject({ status: 405 });
});

test.each(['/', '/v1', '/v1/', '/v2/health', '/v1/health/', '/v1/users/me', '/internal/epochs?user_id=me'])(
  'there is nothing at %s',
  async (path) => {
    const response = await ask(path, { as: await token(ME) });
    expect(response.status).toBe(404);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  },
);
