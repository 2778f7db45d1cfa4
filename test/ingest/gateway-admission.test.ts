import { describe, expect, it } from 'vitest';
import type { Key } from '#contract/signature.ts';
import { topics } from '#contract/topics.ts';
import {
  bytesOf,
  click,
  foreignKeys,
  keys,
  message,
  NOW_MS,
  openGateway,
  type Sending,
  server,
  signedRequest,
} from './signed-requests.ts';

/** The request with its body as a stream that tells whether anybody has asked for it. */
function watched(request: Request, body: object) {
  const seen = { asked: false };
  const stream = new ReadableStream(
    {
      pull(controller) {
        seen.asked = true;
        controller.enqueue(bytesOf(body));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    seen,
    request: new Request(request.url, {
      method: 'POST',
      headers: request.headers,
      body: stream,
      duplex: 'half',
    }),
  };
}

/** A gate that every append waits at. */
function gate() {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    open: opened.resolve,
    reached: reached.promise,
    async wait() {
      reached.resolve();
      await opened.promise;
    },
  };
}

describe('a request whose signature does not hold is a 401 that says why, unread', () => {
  const body = { events: [message()] };
  const without = (name: string) => (headers: Headers) => headers.delete(name);
  const cases: [string, Sending, (headers: Headers) => void, string, RegExp][] = [
    ['no signature', {}, without('signature'), 'missing', /not signed/],
    ['no signature input', {}, without('signature-input'), 'missing', /not signed/],
    ['another key under the same name', { key: foreignKeys[0] as Key }, () => {}, 'altered', /does not fit/],
    [
      'a key nobody knows',
      { key: { ...keys[0], id: 'edge-9' } as Key },
      () => {},
      'unknown_key',
      /not known/,
    ],
    ['signed 36 s ago', { at_ms: NOW_MS - 36_000 }, () => {}, 'expired', /compare the clocks/],
    ['signed by a clock 6 s ahead', { at_ms: NOW_MS + 6_000 }, () => {}, 'expired', /compare the clocks/],
    ['another tenant', {}, (h) => h.set('edgewise-tenant', 'rival'), 'altered', /does not fit/],
    ['a second tenant', {}, (h) => h.append('edgewise-tenant', 'rival'), 'altered', /does not fit/],
    ['another person', {}, (h) => h.set('edgewise-subject', 'bob'), 'altered', /does not fit/],
    ['more scopes', {}, (h) => h.set('edgewise-scopes', 'admin'), 'altered', /does not fit/],
    ['a later deadline', {}, (h) => h.set('edgewise-deadline', '999999'), 'altered', /does not fit/],
    [
      'another digest',
      {},
      (h) => h.set('content-digest', `sha-256=:${'A'.repeat(43)}=:`),
      'altered',
      /does not fit/,
    ],
    ['no digest', {}, without('content-digest'), 'malformed', /form/],
    ['two signatures', {}, (h) => h.append('signature', 'sig2=:AAAA:'), 'malformed', /form/],
    [
      'fewer components',
      {},
      (h) => h.set('signature-input', (h.get('signature-input') ?? '').replace(' "@path"', '')),
      'malformed',
      /form/,
    ],
  ];
  it.each(cases)('%s', async (_name, sending, alter, code, detail) => {
    const { fetch, size } = openGateway();
    const { seen, request } = watched(await signedRequest('/v1/events', body, sending), body);
    alter(request.headers);
    const answer = await fetch(request);
    expect([answer.status, answer.body.type, answer.body.code]).toEqual([
      401,
      'urn:edgewise:problem:unauthenticated',
      code,
    ]);
    expect(answer.body.detail).toMatch(detail);
    expect(seen.asked).toBe(false);
    expect(await size()).toBe(0);
  });

  it.each([
    ['another path', (url: URL) => new URL('/internal/imports', url)],
    ['another query', (url: URL) => new URL('?now', url)],
    ['another host', (url: URL) => new URL(url.pathname, 'http://other.test')],
  ])('%s', async (_name, move) => {
    const { fetch, size } = openGateway();
    const { url, headers } = await signedRequest('/v1/events', body);
    const answer = await fetch(
      new Request(move(new URL(url)), { method: 'POST', headers, body: bytesOf(body) }),
    );
    expect([answer.status, answer.body.code]).toEqual([401, 'altered']);
    expect(await size()).toBe(0);
  });

  it('another method, or another body', async () => {
    const { fetch, size } = openGateway();
    const { url, headers } = await signedRequest('/v1/events', body);
    const put = await fetch(new Request(url, { method: 'PUT', headers, body: bytesOf(body) }));
    const other = await fetch(
      new Request(url, { method: 'POST', headers, body: bytesOf({ events: [click()] }) }),
    );
    const none = await fetch(new Request(url, { method: 'POST', headers }));
    expect([put, other, none].map((answer) => [answer.status, answer.body.code])).toEqual(
      Array(3).fill([401, 'altered']),
    );
    expect(other.body.detail).toMatch(/body is not the one that was signed/);
    expect(await size()).toBe(0);
  });

  it('a body under a signature for none', async () => {
    const { fetch, size } = openGateway();
    const { url, headers } = await signedRequest('/v1/events', null);
    const answer = await fetch(new Request(url, { method: 'POST', headers, body: bytesOf(body) }));
    expect([answer.status, answer.body.detail]).toEqual([
      401,
      expect.stringContaining('Content-Digest is missing'),
    ]);
    expect(await size()).toBe(0);
  });

  it('while a tenant out of shape is a 400, though it is signed', async () => {
    const { send, size } = openGateway();
    for (const tenant_id of ['', 'Acme', 'a/b', 'a'.repeat(64)]) {
      const answer = await send('/v1/events', body, { caller: { ...server, tenant_id } });
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('Edgewise-Tenant')]);
    }
    expect(await size()).toBe(0);
  });
});

describe('what all bodies at hand weigh together is bounded', () => {
  const body = { events: [message()] };
  const weight = bytesOf(body)?.byteLength as number;
  const declared = { 'content-length': String(weight) };

  it('beyond it a request is a 503 with Retry-After, its body unread, and welcome once there is room', async () => {
    const { open, reached, wait } = gate();
    const { fetch, send, written } = openGateway({
      max_bytes_at_hand: weight * 1.5,
      through: (log) => ({ ...log, append: async (...args) => wait().then(() => log.append(...args)) }),
    });
    const first = send('/v1/events', body, { headers: declared });
    await reached;
    const { seen, request } = watched(await signedRequest('/v1/events', body, { headers: declared }), body);
    const refused = await fetch(request);
    expect([refused.status, refused.body.type, seen.asked]).toEqual([
      503,
      'urn:edgewise:problem:overloaded',
      false,
    ]);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    open();
    expect((await first).status).toBe(202);
    expect((await send('/v1/events', body, { headers: declared })).status).toBe(202);
    expect(await written(topics.events)).toHaveLength(2);
  });

  it('counts what a body unpacks to, whatever it says of itself', async () => {
    const { send, size } = openGateway({ max_bytes_at_hand: 100_000 });
    const events = Array.from({ length: 100 }, (_, at) =>
      message({ message_id: `m-${at}`, text: 'a'.repeat(1000) }),
    );
    const answer = await send('/v1/events', { events }, { gzip: true });
    expect([answer.status, answer.body.type]).toEqual([503, 'urn:edgewise:problem:overloaded']);
    expect(await size()).toBe(0);
  });

  it('gives back what a refused request held', async () => {
    const { send } = openGateway({ max_bytes_at_hand: 200_000 });
    const filler = ' '.repeat(150_000);
    for (let round = 0; round < 3; round++) {
      expect((await send('/v1/events', `{"events":[${filler}`)).status).toBe(400);
      expect((await send('/v1/events', `{"events":[${filler}`, { at_ms: 0 })).status).toBe(401);
    }
    expect((await send('/v1/events', { events: [message({ text: 'x'.repeat(8000) })] })).status).toBe(202);
  });
});
