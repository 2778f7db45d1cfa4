import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SCOPES } from '#contract/caller.ts';
import { type Route, routes } from '../../edge/routes.ts';
import { ask, behind, FOREIGN_PAGE, openEdge, PAGE, resetBehind } from './support/edge.ts';
import { changeKey, keyWith, newKey } from './support/keys.ts';
import { FOREIGN_ISSUER, FOREIGN_TENANT, token, unsignedToken } from './support/tokens.ts';

beforeAll(() => openEdge());
beforeEach(resetBehind);
afterEach(() => {
  vi.useRealTimers();
});

const ME = 'me';

const TO_THE_LOG = ['events', 'put_campaign', 'delete_campaign', 'put_campaigns', 'forget_person'];
const statusOf = ({ name }: Route) => (TO_THE_LOG.includes(name) ? 202 : 200);
/** What a person is answered who may all that a person may. */
const personally = (route: Route) => (route.subject === 'server' ? 403 : statusOf(route));
const pathOf = (route: Route, user_id = ME) =>
  route.path
    .replace(':user_id', user_id)
    .replace(':campaign_id', 'c-1')
    .replace(':key_id', '0123456789abcdef')
    .replace(':deletion_id', '0d9c64a9-6a1f-4f5e-9d15-0d6e6f7c8a11');

const BODIES: Readonly<Record<string, string>> = {
  create_key: '{"name":"A server","scopes":["events:write"]}',
};

function requestOf(route: Route): RequestInit {
  const { method, name } = route;
  if (method === 'GET' || method === 'DELETE') return { method };
  return { method, body: BODIES[name] ?? '{}', headers: { 'Content-Type': 'application/json' } };
}

const without = (scope: string | null) => SCOPES.filter((other) => other !== scope).join(' ');

async function altered(): Promise<string> {
  const [header, , signature] = (await token(ME)).split('.');
  const [, payload] = (await token(ME, { extra: true })).split('.');
  return [header, payload, signature].join('.');
}

const ALL = SCOPES.join(' ');

type Identity = {
  authorization(route: Route): Promise<string | null>;
  origin?: string;
  status(route: Route): number;
};

const bearer = (make: (route: Route) => string | Promise<string>) => async (route: Route) =>
  `Bearer ${await make(route)}`;
const refused = () => 401;

const identities: Record<string, Identity> = {
  none: { authorization: async () => null, status: refused },
  'another scheme': { authorization: async () => 'Basic bWU6bWU=', status: refused },
  'an empty token': { authorization: async () => 'Bearer ', status: refused },
  malformed: { authorization: bearer(() => 'a.b.c'), status: refused },
  'no whole API key': { authorization: bearer(() => 'ew_1_abc'), status: refused },
  'too long': { authorization: bearer(() => `a.${'b'.repeat(9000)}.c`), status: refused },
  expired: { authorization: bearer(() => token(ME, {}, { exp_in_s: -31 })), status: refused },
  'expired within the leeway': {
    authorization: bearer(() => token(ME, { scope: ALL }, { exp_in_s: -10 })),
    status: personally,
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
  "of another tenant's issuer, for this tenant": {
    authorization: bearer(() => token(ME, { iss: FOREIGN_ISSUER, scope: ALL }, { by: 'stranger' })),
    status: refused,
  },
  "of another tenant's issuer, for its own things": {
    authorization: bearer(() =>
      token(ME, { iss: FOREIGN_ISSUER, tenant: FOREIGN_TENANT, scope: ALL }, { by: 'stranger' }),
    ),
    status: personally,
  },
  'by the public key as if it were a secret': {
    authorization: bearer(() => token(ME, { scope: ALL }, { by: 'confused' })),
    status: refused,
  },
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
    authorization: bearer(() => token('someone', { scope: ALL })),
    status: (route) => (route.subject === 'self' ? 404 : personally(route)),
  },
  'right in all': { authorization: bearer(() => token(ME, { scope: ALL })), status: personally },
  'right in all, the scheme in small letters': {
    authorization: async () => `bearer ${await token(ME, { scope: ALL })}`,
    status: personally,
  },
  "right in all, from a tenant's page": {
    authorization: bearer(() => token(ME, { scope: ALL })),
    origin: PAGE,
    status: personally,
  },
  "right in all, from another tenant's page": {
    authorization: bearer(() => token(ME, { scope: ALL })),
    origin: FOREIGN_PAGE,
    status: () => 403,
  },
  'an API key nobody knows': {
    authorization: bearer(
      async () => `${(await newKey()).api_key.slice(0, 4)}0000000000000${'s'.repeat(46)}`,
    ),
    status: refused,
  },
  'an API key with another secret': {
    authorization: bearer(async () => (await newKey()).api_key.replace(/.{43}$/, 's'.repeat(43))),
    status: refused,
  },
  'an API key that is cut short': {
    authorization: bearer(async () => (await newKey()).api_key.slice(0, -1)),
    status: refused,
  },
  'an API key that was revoked': {
    authorization: bearer(async () => (await newKey({ revoked_at: new Date(1).toISOString() })).api_key),
    status: refused,
  },
  'an API key that has expired': {
    authorization: bearer(async () => (await newKey({ expires_at: new Date(1).toISOString() })).api_key),
    status: refused,
  },
  'an API key from a web page': {
    authorization: bearer(async () => (await newKey()).api_key),
    origin: PAGE,
    status: refused,
  },
  'an API key without the scope': {
    authorization: bearer((route) => keyWith(...SCOPES.filter((scope) => scope !== route.scope))),
    status: () => 403,
  },
  'an API key with the scope alone': {
    authorization: bearer((route) => keyWith(...SCOPES.filter((scope) => scope === route.scope))),
    status: statusOf,
  },
  'an API key of another tenant, for its own things': {
    authorization: bearer(async () => (await newKey({ tenant_id: FOREIGN_TENANT })).api_key),
    status: statusOf,
  },
  'an API key under a pepper that is on its way out': {
    authorization: bearer(async () => (await newKey({ pepper: 1 })).api_key),
    status: statusOf,
  },
};

for (const route of routes as readonly Route[]) {
  describe(`${route.method} ${route.path}`, () => {
    test.each(Object.entries(identities))('answers who is %s as it should', async (_, identity) => {
      const authorization = await identity.authorization(route);
      const { headers, ...request } = requestOf(route);
      const given = new Headers(headers);
      if (authorization !== null) given.set('Authorization', authorization);
      if (identity.origin) given.set('Origin', identity.origin);
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
  ['DELETE', '/v1/users/me/recommendations', 'GET, HEAD, POST, OPTIONS'],
  ['POST', '/v1/campaigns/popular', 'GET, HEAD, OPTIONS'],
  ['PATCH', '/v1/campaigns/c-1', 'GET, HEAD, PUT, DELETE, OPTIONS'],
  ['DELETE', '/v1/campaigns/popular', 'GET, HEAD, OPTIONS'],
  ['GET', '/v1/campaigns', 'POST, OPTIONS'],
  ['PUT', '/v1/admin/keys', 'GET, HEAD, POST, OPTIONS'],
  ['GET', '/v1/events', 'POST, OPTIONS'],
  ['HEAD', '/v1/events', 'POST, OPTIONS'],
  ['POST', '/v1/health', 'GET, HEAD, OPTIONS'],
])('%s %s is refused, and told what it takes', async (method, path, allow) => {
  const response = await ask(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('Allow')).toBe(allow);
  if (method !== 'HEAD') expect(await response.json()).toMatchObject({ status: 405 });
});

test.each([
  '/',
  '/v1',
  '/v1/',
  '/v2/health',
  '/v1/health/',
  '/v1/users/me/nothing',
  '/internal/epochs?user_id=me',
])('there is nothing at %s', async (path) => {
  const response = await ask(path, { as: await token(ME) });
  expect(response.status).toBe(404);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
});

describe('an API key', () => {
  const popular = (as: string) => ask('/v1/campaigns/popular', { as });
  const status = async (as: string) => (await popular(as)).status;

  test('is the tenant, and no person', async () => {
    const { api_key } = await newKey({ tenant_id: FOREIGN_TENANT, scopes: ['recommendations:read'] });
    await ask('/v1/users/anybody/recommendations', { as: api_key });
    expect(behind.asked.at(-1)?.caller).toEqual({
      tenant_id: FOREIGN_TENANT,
      subject: null,
      scopes: ['recommendations:read'],
    });
  });

  test('is looked up once in 30 s, however many ask with it at once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { api_key, key_id } = await newKey();
    const all = await Promise.all(Array.from({ length: 20 }, () => status(api_key)));
    expect(all).toEqual(Array(20).fill(200));
    vi.setSystemTime(Date.now() + 29_999);
    expect(await status(api_key)).toBe(200);
    expect(behind.keyReads).toEqual([key_id]);
    vi.setSystemTime(Date.now() + 1);
    expect(await status(api_key)).toBe(200);
    expect(behind.keyReads).toEqual([key_id, key_id]);
  });

  test('that is revoked dies within a minute, even where what is told of it was read a while ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { api_key, key_id } = await newKey();
    const read_ms = Date.now() - 40_000;
    const reader = behind.keyReader;
    behind.keyReader = async (arrived) => {
      const text = await (await reader(arrived)).text();
      return new Response(text.replace(/^\d+/, String(read_ms)));
    };
    expect(await status(api_key)).toBe(200);
    changeKey(key_id, { revoked_at: new Date().toISOString() });
    behind.keyReader = reader;
    vi.setSystemTime(read_ms + 54_999);
    expect(await status(api_key)).toBe(200);
    vi.setSystemTime(read_ms + 55_000);
    expect(await status(api_key)).toBe(401);
  });

  test('that ends meanwhile is refused from that moment on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const ends_ms = Date.now() + 10_000;
    const { api_key } = await newKey({ expires_at: new Date(ends_ms).toISOString() });
    expect(await status(api_key)).toBe(200);
    vi.setSystemTime(ends_ms);
    expect(await status(api_key)).toBe(401);
  });

  test('that is wrong costs one lookup in 5 s, whatever secret comes with its id', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const id = crypto.randomUUID().replaceAll('-', '').slice(0, 16);
    for (let at = 0; at < 10; at++) expect(await status(`ew_${id}_${String(at).repeat(43)}`)).toBe(401);
    expect(behind.keyReads).toEqual([id]);
    vi.setSystemTime(Date.now() + 5_000);
    await status(`ew_${id}_${'s'.repeat(43)}`);
    expect(behind.keyReads).toEqual([id, id]);
  });

  test('that is wrong in its secret never takes from the right one, nor costs a lookup more', async () => {
    const { api_key, key_id } = await newKey();
    expect(await status(api_key)).toBe(200);
    expect(await status(api_key.replace(/.{43}$/, 's'.repeat(43)))).toBe(401);
    expect(await status(api_key)).toBe(200);
    expect(behind.keyReads).toEqual([key_id]);
  });

  test('that cannot be looked up is not refused, but told to come again', async () => {
    const { api_key } = await newKey();
    const reader = behind.keyReader;
    for (const fail of [() => new Response('{}', { status: 503 }), () => new Response('garbage')]) {
      behind.keyReader = fail;
      const response = await popular(api_key);
      expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
    }
    behind.keyReader = reader;
    expect(await status(api_key)).toBe(200);
  });

  test('appears in no line of the log and no answer', async () => {
    const lines: string[] = [];
    const spies = (['log', 'error'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line)),
    );
    const { api_key } = await newKey();
    behind.keyReader = () => {
      throw new TypeError('Network connection lost.');
    };
    const told = await (await popular(api_key)).text();
    for (const spy of spies) spy.mockRestore();
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join() + told).not.toContain(api_key.slice(-43));
  });
});

describe('a web page', () => {
  const preflight = (origin: string, path = '/v1/events') =>
    ask(path, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });
  const corsOf = ({ headers }: Response) =>
    [...headers].filter(([name]) => name.startsWith('access-control-'));

  test('of any tenant may ask, as a preflight says, without a token and never with cookies', async () => {
    for (const origin of [PAGE, FOREIGN_PAGE]) {
      const response = await preflight(origin);
      expect(response.status).toBe(204);
      expect(Object.fromEntries(corsOf(response))).toEqual({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST, OPTIONS',
        'access-control-allow-headers': expect.stringContaining('Authorization'),
        'access-control-max-age': '7200',
      });
      expect(response.headers.get('Vary')).toContain('Origin');
    }
    expect(behind.asked).toEqual([]);
  });

  test.each(['https://evil.test', 'null', 'https://app.acme.test.evil.test', 'http://app.acme.test'])(
    'of %s may not',
    async (origin) => {
      expect(corsOf(await preflight(origin))).toEqual([]);
      const response = await ask('/v1/campaigns/popular', {
        as: await token(ME),
        headers: { Origin: origin },
      });
      expect([response.status, corsOf(response)]).toEqual([403, []]);
      expect(behind.asked).toEqual([]);
    },
  );

  test("reads its own tenant's answers, and what is wrong with its token", async () => {
    const right = await ask('/v1/campaigns/popular', { as: await token(ME), headers: { Origin: PAGE } });
    expect([right.status, right.headers.get('Access-Control-Allow-Origin')]).toEqual([200, PAGE]);
    expect(right.headers.get('Access-Control-Expose-Headers')).toContain('Edgewise-Bookmark');
    const wrong = await ask('/v1/campaigns/popular', { as: 'a.b.c', headers: { Origin: PAGE } });
    expect([wrong.status, wrong.headers.get('Access-Control-Allow-Origin')]).toEqual([401, PAGE]);
    const other = await ask('/v1/campaigns/popular', {
      as: await token(ME),
      headers: { Origin: FOREIGN_PAGE },
    });
    expect([other.status, corsOf(other)]).toEqual([403, []]);
  });

  test('is told by OPTIONS what an address takes; none is told of one that is not there', async () => {
    const response = await ask('/v1/campaigns/c-1', { method: 'OPTIONS' });
    expect([response.status, response.headers.get('Allow')]).toEqual([
      204,
      'GET, HEAD, PUT, DELETE, OPTIONS',
    ]);
    expect((await ask('/v1/nothing', { method: 'OPTIONS' })).status).toBe(404);
  });
});
