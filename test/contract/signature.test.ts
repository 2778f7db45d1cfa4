import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64url } from '#contract/base64url.ts';
import { type Caller, SCOPES } from '#contract/caller.ts';
import {
  BadSignature,
  contentDigest,
  EXPIRES_S,
  importKeys,
  type Key,
  type Signed,
  sign,
  signatureBase,
  verify,
} from '#contract/signature.ts';
import { idArb } from '../support/arbitraries.ts';

const NOW = 1_800_000_000_000;
const secret = (byte: number) => base64url(new Uint8Array(32).fill(byte));
const keys = await importKeys([
  { id: 'old', secret: secret(1) },
  { id: 'current', secret: secret(2) },
]);
const [old, current] = keys as [Key, Key];

const callerArb: fc.Arbitrary<Caller> = fc.record({
  tenant_id: fc.stringMatching(/^[a-z0-9-]{1,63}$/),
  subject: fc.option(idArb),
  scopes: fc.subarray([...SCOPES]),
});

const urlArb = fc
  .record({
    host: fc.constantFrom('http://127.0.0.1:8788', 'https://origin.example.com', 'https://EXAMPLE.com:444'),
    id: idArb,
    query: fc.array(fc.tuple(idArb, idArb), { maxLength: 4 }),
  })
  .map(({ host, id, query }) => {
    const url = new URL(`/v1/users/${encodeURIComponent(id)}/recommendations`, host);
    for (const [name, value] of query) url.searchParams.append(name, value);
    return url;
  });

const signedArb: fc.Arbitrary<Signed> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE'),
  url: urlArb,
  caller: callerArb,
  deadline_ms: fc.integer({ min: 0, max: 60_000 }),
  body: fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes))),
});

const request: Signed = {
  method: 'POST',
  url: new URL('https://origin.example.com/v1/users/u-1/recommendations?limit=5'),
  caller: { tenant_id: 'acme', subject: 'u-1', scopes: ['recommendations:read'] },
  deadline_ms: 800,
  body: new TextEncoder().encode('{}'),
};

const otherDigest = await contentDigest(new TextEncoder().encode('{ }'));

/** As it would come: what `change` says is not as it was signed. */
async function arrive(change: {
  method?: string;
  url?: string;
  body?: string | null;
  header?: [string, string | null];
  now_ms?: number;
}) {
  const headers = await sign(request, current, NOW);
  const { method = request.method, url = request.url.href, body = '{}', header, now_ms = NOW } = change;
  if (header?.[1] === null) headers.delete(header[0]);
  else if (header) headers.set(header[0], header[1] as string);
  const bytes = body === null ? null : new TextEncoder().encode(body);
  return verify({ method, url: new URL(url), headers, body: bytes }, keys, now_ms);
}

const refusedAs = (code: BadSignature['code']) =>
  expect.objectContaining({ code, constructor: BadSignature });

test('whatever is signed is verified, with the caller and the deadline as they were', async () => {
  await fc.assert(
    fc.asyncProperty(signedArb, fc.constantFrom(old, current), async (signed, key) => {
      const headers = await sign(signed, key, NOW);
      const { method, url, body, caller, deadline_ms } = signed;
      expect(await verify({ method, url, headers, body }, keys, NOW)).toEqual({ caller, deadline_ms });
    }),
    { numRuns: 300 },
  );
});

test('two requests that differ in anything that is signed never share a signature', async () => {
  await fc.assert(
    fc.asyncProperty(signedArb, signedArb, async (one, other) => {
      const told = ({ method, url, caller, deadline_ms, body }: Signed) =>
        JSON.stringify([method, url.href, caller, deadline_ms, body && [...body]]);
      const [a, b] = await Promise.all([sign(one, current, NOW), sign(other, current, NOW)]);
      expect(a.get('signature') === b.get('signature')).toBe(told(one) === told(other));
    }),
  );
});

/** The same bytes, by another last character: of its six bits two are not of them. */
const respelt = (mac: string) =>
  mac.replace(/(.)=:$/, (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=:`);

describe('a request is refused', () => {
  test('as it was signed, it is not', async () => {
    expect(await arrive({})).toEqual({ caller: request.caller, deadline_ms: 800 });
  });

  test.each<[string, Parameters<typeof arrive>[0]]>([
    ['the method', { method: 'PUT' }],
    ['the host', { url: 'https://other.example.com/v1/users/u-1/recommendations?limit=5' }],
    ['the port', { url: 'https://origin.example.com:444/v1/users/u-1/recommendations?limit=5' }],
    ['the path', { url: 'https://origin.example.com/v1/users/u-2/recommendations?limit=5' }],
    ['the query', { url: 'https://origin.example.com/v1/users/u-1/recommendations?limit=6' }],
    ['a query that is left out', { url: 'https://origin.example.com/v1/users/u-1/recommendations' }],
    ['the tenant', { header: ['edgewise-tenant', 'globex'] }],
    ['a tenant that is left out', { header: ['edgewise-tenant', null] }],
    ['the subject', { header: ['edgewise-subject', 'u-2'] }],
    ['a subject that is left out', { header: ['edgewise-subject', null] }],
    ['the scopes', { header: ['edgewise-scopes', 'admin'] }],
    ['the deadline', { header: ['edgewise-deadline', '80000'] }],
    ['the body', { body: '{ }' }],
    ['a body that is left out', { body: null }],
    ['the digest', { header: ['content-digest', otherDigest] }],
    ['the signature', { header: ['signature', `sig=:${btoa('x'.repeat(32))}:`] }],
  ])('that had %s altered', async (_, change) => {
    await expect(arrive(change)).rejects.toEqual(refusedAs('altered'));
  });

  test('that had its body and its digest altered together', async () => {
    const header: [string, string] = ['content-digest', otherDigest];
    await expect(arrive({ body: '{ }', header })).rejects.toEqual(refusedAs('altered'));
  });

  test('whose times or key were altered', async () => {
    const input = (await sign(request, current, NOW)).get('signature-input') as string;
    const later = input.replace(
      /created=(\d+);expires=(\d+)/,
      (_, created, expires) => `created=${+created + 1};expires=${+expires + 1}`,
    );
    await expect(arrive({ header: ['signature-input', later] })).rejects.toEqual(refusedAs('altered'));
    const other = input.replace('"current"', '"old"');
    await expect(arrive({ header: ['signature-input', other] })).rejects.toEqual(refusedAs('altered'));
  });

  test.each([
    ['without its signature', 'signature', null, 'missing'],
    ['without what was signed', 'signature-input', null, 'missing'],
    ['without its digest', 'content-digest', null, 'malformed'],
    ['with two signatures', 'signature-input', (input: string) => `${input}, two=()`, 'malformed'],
    [
      'with an algorithm of its own choice',
      'signature-input',
      (input: string) => `${input};alg="none"`,
      'malformed',
    ],
    ['that signs less', 'signature-input', (input: string) => input.replace('"@query" ', ''), 'malformed'],
    [
      'that signs in another order',
      'signature-input',
      (input: string) => input.replace('"@method" "@authority"', '"@authority" "@method"'),
      'malformed',
    ],
    ['without an end', 'signature-input', (input: string) => input.replace(/;expires=\d+/, ''), 'malformed'],
    ['with a signature that is no base64', 'signature', () => 'sig=:***:', 'malformed'],
    ['whose signature is not padded', 'signature', (mac: string) => mac.replace('=:', ':'), 'malformed'],
    ['whose signature is spelt otherwise', 'signature', respelt, 'malformed'],
    [
      'by an unknown key',
      'signature-input',
      (input: string) => input.replace('"current"', '"gone"'),
      'unknown_key',
    ],
    [
      'that would hold for longer than 30 s',
      'signature-input',
      (input: string) => input.replace(/expires=(\d+)/, (_, s) => `expires=${+s + 1}`),
      'expired',
    ],
    [
      'that ended before it began',
      'signature-input',
      (input: string) => input.replace(/expires=(\d+)/, (_, s) => `expires=${+s - 31}`),
      'expired',
    ],
  ] as const)('%s', async (_, name, change, code) => {
    const given = (await sign(request, current, NOW)).get(name) as string;
    await expect(arrive({ header: [name, change ? change(given) : null] })).rejects.toEqual(refusedAs(code));
  });

  test('once it has expired, or while it is not valid yet, with 5 s for clocks that differ', async () => {
    const ends_ms = NOW + EXPIRES_S * 1000;
    await arrive({ now_ms: ends_ms + 5_000 });
    await expect(arrive({ now_ms: ends_ms + 5_001 })).rejects.toEqual(refusedAs('expired'));
    await arrive({ now_ms: NOW - 5_000 });
    await expect(arrive({ now_ms: NOW - 5_001 })).rejects.toEqual(refusedAs('expired'));
  });
});

describe('a key', () => {
  test.each([
    ['short', { id: 'k', secret: base64url(new Uint8Array(31)) }],
    ['no base64url', { id: 'k', secret: '*'.repeat(60) }],
    ['badly named', { id: 'k"', secret: secret(1) }],
  ])('that is %s is refused, without telling its secret', async (_, key) => {
    const failure = await importKeys([key]).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).not.toContain(key.secret);
  });
});

test('the base that is signed is the one of RFC 9421: its example B.2.5 comes out as printed there', () => {
  const headers = new Headers({ Date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'Content-Type': 'application/json' });
  const params = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
  const url = new URL('https://example.com/foo?param=Value&Pet=dog');
  const base = signatureBase('POST', url, headers, ['date', '@authority', 'content-type'], params);
  expect(base).toBe(
    `"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@authority": example.com\n"content-type": application/json\n"@signature-params": ${params}`,
  );
  const shared = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
  const mac = createHmac('sha256', Buffer.from(shared, 'base64')).update(base).digest('base64');
  expect(mac).toBe('pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=');
});

test('the digest is the one of RFC 9530', async () => {
  const body = new TextEncoder().encode('{"hello": "world"}\n');
  expect(await contentDigest(body)).toBe('sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:');
});
