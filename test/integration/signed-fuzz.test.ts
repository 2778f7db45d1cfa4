import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEYS_PATH } from '#contract/api-key.ts';
import { type Caller, SCOPES } from '#contract/caller.ts';
import { EPOCHS_PATH } from '#contract/epoch.ts';
import { QUEUED_PATH } from '#contract/queued-events.ts';
import { importKeys, type Key, sign } from '#contract/signature.ts';
import { routes } from '../../edge/routes.ts';
import { originApp } from '../../origin/app.ts';
import { openBookmarks } from '../../origin/bookmarks.ts';
import { keys as gatewayKeys, NOW_MS, openGateway } from '../ingest/signed-requests.ts';
import { openWorld, topicsOfTalk } from '../origin/world.ts';
import { idArb, textArb } from '../support/arbitraries.ts';

/** How many requests there are of each kind: FUZZ_REQUESTS=100000 npx vitest run --project node test/integration/signed-fuzz.test.ts */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? '1000');

const keys = await importKeys([{ id: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }]);
const peppers = await importKeys([{ id: 'p1', secret: Buffer.alloc(32, 3).toString('base64url') }]);

type Tier = {
  key: Key;
  now_ms: number;
  answer(request: Request): Promise<Response>;
  reports: readonly Readonly<Record<string, unknown>>[];
};

async function originTier(): Promise<Tier> {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  const { stores, clock, recommender, reports } = world;
  const app = originApp({
    ...stores,
    recommender,
    bookmarks: openBookmarks({ progress: null, clock, report: () => {} }),
    keys,
    clock,
    report: (line) => void reports.push(line),
    control: { apiKeys: stores.apiKeys, peppers },
  });
  return { key: keys[0] as Key, now_ms: clock(), answer: async (request) => app.request(request), reports };
}

async function gatewayTier(): Promise<Tier> {
  const { app, reports } = openGateway();
  return {
    key: gatewayKeys[0] as Key,
    now_ms: NOW_MS,
    answer: async (request) => app.request(request),
    reports,
  };
}

const segment = fc.oneof(
  idArb.map(encodeURIComponent),
  fc.constantFrom(
    'ada',
    'wifi',
    '0123456789abcdef',
    'popular',
    '..',
    '%2e%2e',
    '%ff',
    '%',
    '__proto__',
    'x'.repeat(300),
  ),
);
const paths = [
  ...new Set([
    ...routes.map(({ path }) => path),
    EPOCHS_PATH,
    `${KEYS_PATH}/:key_id`,
    QUEUED_PATH,
    '/internal/imports',
  ]),
];
const pathArb = fc
  .tuple(fc.constantFrom(...paths), segment)
  .map(([path, id]) => path.replace(/:\w+/, () => id));

const queryArb = fc.oneof(
  fc.constant(''),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('limit', 'locale', 'tags', 'exclude', 'placement', 'user_id', '__proto__', 'state'),
        fc.oneof(fc.constantFrom('10', '-1', 'en', '1e9', 'discover', ''), textArb, idArb),
      ),
      { maxLength: 5 },
    )
    .map((pairs) => `?${new URLSearchParams(pairs)}`),
);

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const bodyArb = fc.oneof(
  fc
    .constantFrom(
      '{"events":[]}',
      '{"context":{"text":"x"}}',
      '{"name":"n","scopes":["admin"]}',
      '{}',
      '['.repeat(5_000),
    )
    .map(bytes),
  fc.json({ maxDepth: 4 }).map(bytes),
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((some) => new Uint8Array(some)),
);

const callerArb: fc.Arbitrary<Caller> = fc.record({
  tenant_id: fc.constantFrom('acme', 'globex'),
  subject: fc.oneof(fc.constant(null), fc.constant('ada'), idArb),
  scopes: fc.oneof(
    { weight: 4, arbitrary: fc.constant([...SCOPES]) },
    { weight: 1, arbitrary: fc.subarray([...SCOPES]) },
  ),
});

const askedArb = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: pathArb,
  query: queryArb,
  body: bodyArb,
  caller: callerArb,
  deadline_ms: fc.constantFrom(5_000, 30_000),
  type: fc.constantFrom('application/json', 'application/x-ndjson', 'text/plain', ''),
  encoding: fc.constantFrom('identity', 'gzip', 'br', ''),
});
type Asked = typeof askedArb extends fc.Arbitrary<infer Value> ? Value : never;

async function signed(
  { method, path, query, body: given, caller, deadline_ms, type, encoding }: Asked,
  tier: Tier,
) {
  const url = new URL(path + query, 'http://tier.test');
  const body = method === 'GET' ? null : given;
  const headers = await sign({ method, url, caller, deadline_ms, body }, tier.key, tier.now_ms);
  if (type) headers.set('content-type', type);
  if (encoding) headers.set('content-encoding', encoding);
  return { method, url, headers, body };
}

const SIGNED = [
  'signature',
  'signature-input',
  'content-digest',
  'edgewise-tenant',
  'edgewise-subject',
  'edgewise-scopes',
  'edgewise-deadline',
];
const character = fc.constantFrom(...'aZ09=:;,"() ~'.split(''));

/** What a request is bent by after it was signed. It may come out as it was. */
const bendArb = fc.oneof(
  fc.record({
    bends: fc.constant('header' as const),
    name: fc.constantFrom(...SIGNED),
    at: fc.nat(),
    cut: fc.nat({ max: 2 }),
    put: fc.array(character, { maxLength: 3 }).map((all) => all.join('')),
  }),
  fc.record({ bends: fc.constant('gone' as const), name: fc.constantFrom(...SIGNED) }),
  fc.record({ bends: fc.constant('twice' as const), name: fc.constantFrom(...SIGNED) }),
  fc.record({
    bends: fc.constant('method' as const),
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  }),
  fc.record({ bends: fc.constant('path' as const), path: pathArb }),
  fc.record({ bends: fc.constant('query' as const), put: fc.constantFrom('?limit=1', '?a=b&', '?%20') }),
  fc.record({ bends: fc.constant('body' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
);
type Bend = typeof bendArb extends fc.Arbitrary<infer Value> ? Value : never;
type Sent = Awaited<ReturnType<typeof signed>>;

function bent({ method, url, headers, body }: Sent, bend: Bend): Sent {
  const out = {
    method,
    url: new URL(url),
    headers: new Headers(headers),
    body: body && new Uint8Array(body),
  };
  if (bend.bends === 'header') {
    const value = headers.get(bend.name) ?? '';
    const at = bend.at % (value.length + 1);
    out.headers.set(bend.name, value.slice(0, at) + bend.put + value.slice(at + bend.cut));
  } else if (bend.bends === 'gone') out.headers.delete(bend.name);
  else if (bend.bends === 'twice') out.headers.append(bend.name, headers.get(bend.name) ?? 'x');
  else if (bend.bends === 'method') out.method = bend.method;
  else if (bend.bends === 'path') out.url.pathname = bend.path;
  else if (bend.bends === 'query') out.url.search = bend.put;
  else if (out.body) {
    const at = bend.at % out.body.length;
    out.body[at] = (out.body[at] as number) ^ (1 << bend.bit);
  }
  return out;
}

/** What a request says, as text: an empty header says what none does. */
const told = ({ method, url, headers, body }: Sent) => {
  const said = [...headers].filter(([, value]) => value !== '');
  return JSON.stringify([method, url.href, said, body && Buffer.from(body).toString('hex')]);
};

const requestOf = ({ method, url, headers, body }: Sent) =>
  new Request(url, { method, headers, body: method === 'GET' ? null : body });

describe.each([
  ['the origin', originTier],
  ['the gateway', gatewayTier],
])('%s', (_, open) => {
  test(`of ${REQUESTS} requests that were changed after they were signed answers none`, async () => {
    const tier = await open();
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(askedArb, bendArb, async (asked, bend) => {
        const right = await signed(asked, tier);
        const wrong = bent(right, bend);
        fc.pre(told(wrong) !== told(right));
        const response = await tier.answer(requestOf(wrong));
        expect(response.status, told(wrong)).toBe(401);
        changed++;
      }),
      { numRuns: REQUESTS },
    );
    expect(changed).toBe(REQUESTS);
  }, 3_600_000);

  test(`of ${REQUESTS} requests that are signed, whatever they ask, none fails inside`, async () => {
    const tier = await open();
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(askedArb, async (asked) => {
        const response = await tier.answer(requestOf(await signed(asked, tier)));
        expect(response.status, await response.text()).toBeLessThan(500);
        statuses.add(response.status);
      }),
      { numRuns: REQUESTS },
    );
    // It would be no fuzz of the routes if all were turned away at the door.
    expect(statuses.has(401)).toBe(false);
    expect(statuses.size).toBeGreaterThan(3);
  }, 3_600_000);
});
