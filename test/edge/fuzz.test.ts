import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { inTime, LATE } from '../../edge/in-time.ts';
import { routes } from '../../edge/routes.ts';
import { idArb, textArb } from '../support/arbitraries.ts';
import { ask, behind, openEdge, PAGE, resetBehind } from './support/edge.ts';
import { newKey } from './support/keys.ts';
import { token, unsignedToken } from './support/tokens.ts';

beforeAll(() => openEdge());
beforeEach(resetBehind);

/** How many requests there are, and how many at once: FUZZ_REQUESTS=100000 npx vitest run --project edge test/edge/fuzz.test.ts */
const REQUESTS = Number((env as { FUZZ_REQUESTS?: string }).FUZZ_REQUESTS ?? '1000');
const AT_ONCE = 25;
const HANGS_MS = 30_000;

/** What a header can carry, but for what fetch itself refuses to send. */
const headerText = fc
  .oneof(fc.string({ unit: 'binary-ascii', maxLength: 60 }), fc.string({ maxLength: 200 }))
  .map((text) => text.replace(/[^\t\x20-\x7e]/g, '').trim());

const methodArb = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH');

const segment = fc.oneof(
  idArb.map(encodeURIComponent),
  fc.constantFrom('.', '..', '%2e%2e', '%00', '%ff', '%', '%2F', 'popular', '__proto__', 'x'.repeat(300)),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[#\\]/g, '')),
);

/** A method of a route and a path of it, often the right ones. */
const known = fc.constantFrom(...routes).chain(({ method, path }) => {
  const names = [...path.matchAll(/:\w+/g)].map(([name]) => name);
  const ids = fc.array(fc.oneof(segment, fc.constantFrom('me', 'c-1', '0123456789abcdef')), {
    minLength: names.length,
    maxLength: names.length,
  });
  return fc.record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constant(method as string) },
      { weight: 1, arbitrary: methodArb },
    ),
    path: ids.map((all) =>
      names.reduce((text, name, at) => text.replace(name, () => all[at] as string), path as string),
    ),
  });
});
const targetArb = fc.oneof(
  { weight: 9, arbitrary: known },
  {
    weight: 1,
    arbitrary: fc.record({
      method: methodArb,
      path: fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
    }),
  },
);

const queryArb = fc.oneof(
  fc.constant(''),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('limit', 'locale', 'tags', 'exclude', 'placement', '__proto__', 'user_id', '[]'),
        fc.oneof(fc.constantFrom('10', '-1', 'en', '0x1', '1e9', 'NaN'), textArb, idArb),
      ),
      { maxLength: 6 },
    )
    .map((pairs) => `?${new URLSearchParams(pairs)}`),
  fc.string({ maxLength: 40 }).map((text) => `?${text.replaceAll('#', '')}`),
);

const bodyArb = fc.oneof(
  fc.constant(null),
  fc.json({ maxDepth: 4 }).map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 400 }),
  fc
    .constantFrom(
      '{"events":[]}',
      '{"context":{"text":"x"}}',
      '{"name":"n","scopes":["admin"]}',
      '{"__proto__":{"limit":1}}',
      '['.repeat(5_000),
      '{"a":'.repeat(2_000),
    )
    .map((text) => new TextEncoder().encode(text)),
);

const right = await token('me');
const { api_key } = await newKey();
const unsigned = await unsignedToken('me');

/** A token with some of it changed. */
const bent = (whole: string) =>
  fc
    .tuple(fc.nat({ max: whole.length - 1 }), fc.constantFrom('A', '.', '_', '-', '=', '~', ''))
    .map(([at, put]) => whole.slice(0, at) + put + whole.slice(at + 1));

const tokenArb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(right, api_key) },
  { weight: 1, arbitrary: fc.constantFrom('', unsigned, 'ew_', 'ew__', 'a.b.c', '..', 'null') },
  { weight: 2, arbitrary: fc.oneof(bent(right), bent(api_key)) },
  { weight: 1, arbitrary: headerText },
);

const headersArb = fc.dictionary(
  fc.constantFrom(
    'Content-Type',
    'Content-Encoding',
    'If-None-Match',
    'traceparent',
    'Edgewise-Bookmark',
    'Edgewise-Tenant',
    'Edgewise-Subject',
    'Edgewise-Scopes',
    'Signature',
    'Signature-Input',
    'Content-Digest',
    'Origin',
    'Access-Control-Request-Method',
    'X-Forwarded-For',
    'X-HTTP-Method-Override',
    'Accept',
    'Range',
  ),
  fc.oneof(
    headerText,
    fc.constantFrom('application/json', 'application/x-ndjson', 'gzip', 'br', '*', 'W/"x"', PAGE, 'null'),
  ),
  { maxKeys: 5 },
);

const requestArb = fc.record({
  target: targetArb,
  query: queryArb,
  authorization: fc.oneof(
    { weight: 8, arbitrary: tokenArb.map((one) => `Bearer ${one}`) },
    { weight: 1, arbitrary: headerText },
  ),
  headers: headersArb,
  body: bodyArb,
  address: fc.oneof(fc.ipV4(), fc.ipV6(), headerText),
  marker: fc.stringMatching(/^zq[a-z]{12}$/),
});

/** Headers in whose value what was sent may appear: an origin that was configured, and nothing else. */
const MAY_ECHO = new Set(['access-control-allow-origin']);

/** What the tiers behind are asked must be the caller's own, whatever headers came with the request. */
function expectOwn(): void {
  for (const { caller } of behind.asked) {
    expect(caller.tenant_id).toBe('acme');
    expect([null, 'me']).toContain(caller.subject);
  }
  behind.asked.length = 0;
}

type Fuzzed = typeof requestArb extends fc.Arbitrary<infer Request> ? Request : never;

async function expectSound({
  target,
  query,
  authorization,
  headers,
  body,
  address,
  marker,
}: Fuzzed): Promise<number> {
  const { method, path } = target;
  const sent = new Headers({ ...headers, 'X-Marker': marker, 'User-Agent': marker });
  sent.set('Authorization', authorization);
  sent.set('CF-Connecting-IP', address);
  if (sent.has('Accept')) sent.set('Accept', marker);
  const asked = ask(path + query, {
    method,
    headers: sent,
    body: method === 'GET' || method === 'HEAD' || body === null ? null : new Uint8Array(body),
  }).then(async (response) => ({ response, text: await response.text() }));
  // Not by AbortSignal.timeout: those stay until they fire, and workerd allows 10,000 of them.
  const told = await inTime(asked, HANGS_MS);
  if (told === LATE) throw new Error(`${method} ${path}${query} hangs`);
  const { response, text } = told;
  expect(response.status, text).toBeLessThan(500);
  for (const [name, value] of response.headers) {
    if (!MAY_ECHO.has(name)) expect(value).not.toContain(marker);
    expect(value).toMatch(/^[\t\x20-\x7e]*$/);
  }
  const allowed = response.headers.get('Access-Control-Allow-Origin');
  if (allowed !== null) expect(allowed).toMatch(/^https:\/\/app\.(acme|globex)\.test$/);
  expect(response.headers.has('Access-Control-Allow-Credentials')).toBe(false);
  if (response.status >= 400 && method !== 'HEAD') {
    expect(response.headers.get('Content-Type')).toBe('application/problem+json');
    expect(JSON.parse(text)).toMatchObject({ status: response.status });
  }
  return response.status;
}

test(`of ${REQUESTS} requests of every kind none fails inside, hangs, or has a header echoed`, async () => {
  const silenced = vi.spyOn(console, 'log').mockImplementation(() => {});
  const statuses: Record<number, number> = {};
  await fc.assert(
    fc.asyncProperty(
      fc.array(requestArb, { minLength: AT_ONCE, maxLength: AT_ONCE, size: 'max' }),
      async (all) => {
        for (const status of await Promise.all(all.map(expectSound)))
          statuses[status] = (statuses[status] ?? 0) + 1;
        expectOwn();
      },
    ),
    { numRuns: Math.ceil(REQUESTS / AT_ONCE) },
  );
  // It would be no fuzz of the routes if nothing came through to them.
  for (const status of [200, 202, 401, 404, 405, 422]) {
    expect(statuses[status] ?? 0, `${status} in ${JSON.stringify(statuses)}`).toBeGreaterThan(0);
  }
  silenced.mockRestore();
  console.log(`statuses: ${JSON.stringify(statuses)}`);
}, 3_600_000);
