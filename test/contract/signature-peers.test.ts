import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { httpbis } from 'http-message-signatures';
import { describe, expect, test } from 'vitest';
import { base64url } from '#contract/base64url.ts';
import { importKeys, type Key, type Signed, sign, signatureBase, verify } from '#contract/signature.ts';
import { idArb } from '../support/arbitraries.ts';

/* Our signatures beside those of an independent implementation of RFC 9421. */

const SECRET = new Uint8Array(32).fill(7);
const NOW_MS = Date.now();
const [key] = (await importKeys([{ id: 'k1', secret: base64url(SECRET) }])) as [Key];
const mac = (data: Buffer) => createHmac('sha256', SECRET).update(data).digest();

const requestArb: fc.Arbitrary<Signed> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  url: fc.tuple(idArb, fc.array(fc.tuple(idArb, idArb), { maxLength: 3 })).map(([id, query]) => {
    const url = new URL(`/v1/users/${encodeURIComponent(id)}`, 'https://Origin.example.com:444');
    for (const [name, value] of query) url.searchParams.append(name, value);
    return url;
  }),
  caller: fc.record({
    tenant_id: fc.stringMatching(/^[a-z0-9-]{1,63}$/),
    subject: idArb,
    scopes: fc.constant(['events:write'] as const),
  }),
  deadline_ms: fc.integer({ min: 0, max: 60_000 }),
  body: fc.option(fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => new Uint8Array(bytes))),
});

const sent = ({ method, url }: Signed, headers: Headers) => ({
  method,
  url: url.href,
  headers: Object.fromEntries(headers),
});

/** What the other implementation makes of a request. */
async function theirVerdict(request: ReturnType<typeof sent>): Promise<boolean | null> {
  const verifier = {
    id: 'k1',
    algs: ['hmac-sha256' as const],
    verify: async (data: Buffer, signature: Buffer) => mac(data).equals(signature),
  };
  try {
    const config = { keyLookup: async () => verifier, tolerance: 60, notAfter: new Date(NOW_MS + 60_000) };
    return await httpbis.verifyMessage(config, request);
  } catch {
    return false;
  }
}

describe('an independent verifier', () => {
  test('agrees that what we sign is signed', async () => {
    await fc.assert(
      fc.asyncProperty(requestArb, async (request) => {
        const headers = await sign(request, key, NOW_MS);
        expect(await theirVerdict(sent(request, headers))).toBe(true);
      }),
    );
  });

  test('agrees that what was altered is not', async () => {
    const signed = ['edgewise-tenant', 'edgewise-subject', 'edgewise-scopes', 'edgewise-deadline'];
    await fc.assert(
      fc.asyncProperty(requestArb, fc.constantFrom(...signed), async (request, name) => {
        const headers = await sign(request, key, NOW_MS);
        headers.set(name, `${headers.get(name)}0`);
        expect(await theirVerdict(sent(request, headers))).toBe(false);
        const { method, url, body } = request;
        await expect(verify({ method, url, headers, body }, [key], NOW_MS)).rejects.toThrow();
      }),
    );
  });

  test('signs over the same base as we do', async () => {
    await fc.assert(
      fc.asyncProperty(requestArb, async (request) => {
        const headers = await sign(request, key, NOW_MS);
        const fields = ['@method', '@authority', '@path', '@query', 'edgewise-tenant', 'edgewise-subject'];
        const ours = signatureBase(request.method, request.url, headers, fields, 'p');
        const theirs = httpbis.createSignatureBase({ fields }, sent(request, headers));
        expect(`${httpbis.formatSignatureBase(theirs)}\n"@signature-params": p`).toBe(ours);
      }),
    );
  });
});
