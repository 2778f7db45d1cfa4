import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ENCODED_BYTES } from '#contract/limits.ts';
import { idArb } from '../support/arbitraries.ts';
import { ask, behind, newPerson, openEdge, problem, resetBehind } from './support/edge.ts';
import { EVERYTHING, token } from './support/tokens.ts';

beforeAll(() => openEdge());
beforeEach(resetBehind);

const JSON_TYPE = { 'Content-Type': 'application/json' };
const many = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${name}=x${at}`).join('&');
const bytes = (...values: number[]) => new Uint8Array(values);

async function refused(response: Response, status: number) {
  const body = await response.json<{ status: number; detail: string; errors?: { pointer: string }[] }>();
  expect(response.status, body.detail).toBe(status);
  expect(body.status).toBe(status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(response.headers.get('Vary')).toBe('Authorization, Origin');
  expect([behind.asked, behind.epochReads]).toEqual([[], 0]);
  return body;
}

describe('a query that is not as it should be is refused with a pointer, and asks nobody', () => {
  test.each([
    ['colour=red', '/colour'],
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=', '/limit'],
    ['limit=1e1', '/limit'],
    ['limit=-1', '/limit'],
    ['limit=5&limit=5', '/limit'],
    ['placement=a%2Fb', '/placement'],
    ['placement=discover&placement=continue', '/placement'],
    ['locale=english!', '/locale'],
    ['tags=a,b', '/tags/0'],
    ['tags=ok&tags=', '/tags/1'],
    ['exclude=popular', '/exclude/0'],
    ['exclude=..', '/exclude/0'],
    ['user_id=someone', '/user_id'],
    ['access_token=abc', '/access_token'],
    ['__proto__=x', '/__proto__'],
    ['Limit=5', '/Limit'],
    [many('exclude', 101), '/exclude'],
    [many('tags', 33), '/tags'],
  ])('recommendations?%.40s', async (query, pointer) => {
    const { path, as } = await newPerson();
    const { errors } = await refused(await ask(`${path}?${query}`, { as }), 422);
    expect(errors?.map((error) => error.pointer)).toContain(pointer);
  });

  test.each([
    '/v1/campaigns/popular?tags=a',
    '/v1/campaigns/popular?locale=en&locale=de',
    '/v1/campaigns/c-1/similar?locale=en',
    '/v1/campaigns/c-1/similar?limit=ten',
    '/v1/campaigns/c-1?limit=1',
  ])('%s', async (path) => {
    await refused(await ask(path, { as: await token('me') }), 422);
  });
});

describe('an id that is none is not found', () => {
  test.each([
    '%',
    '%2',
    '%zz',
    '%ff',
    '%E2%82',
    'a%2Fb',
    'a%20b',
    'a%3Fb',
    'a%23b',
    '%2525',
    '%00',
    '%C3%A9',
    'x'.repeat(129),
  ])('%s', async (id) => {
    const as = await token('me');
    for (const path of [
      `/v1/users/${id}/recommendations`,
      `/v1/campaigns/${id}/similar`,
      `/v1/campaigns/${id}`,
    ]) {
      await refused(await ask(path, { as }), 404);
    }
  });

  test('"popular" is no campaign', async () => {
    await refused(await ask('/v1/campaigns/popular/similar', { as: await token('me') }), 404);
  });
});

test('every id that is one comes to the origin as it was', async () => {
  await fc.assert(
    fc.asyncProperty(idArb, async (id) => {
      const path = `/v1/users/${encodeURIComponent(id)}/recommendations`;
      const response = await ask(path, {
        as: await token(id),
        method: 'POST',
        body: '{}',
        headers: JSON_TYPE,
      });
      expect(response.status).toBe(200);
      const arrived = behind.asked.at(-1);
      expect(decodeURIComponent(arrived?.url.pathname.split('/')[3] as string)).toBe(id);
      expect(arrived?.caller.subject).toBe(id);
    }),
    { numRuns: 200 },
  );
});

describe('the body of recommendations', () => {
  const send = async (body: BodyInit | null, headers: Record<string, string> = JSON_TYPE, query = '') => {
    const { path, as } = await newPerson();
    return ask(path + query, { as, method: 'POST', body, headers });
  };

  test.each([
    ['no JSON', '{', 400],
    ['empty', '', 400],
    ['invalid UTF-8', bytes(0x7b, 0x22, 0xff, 0x22, 0x7d), 400],
    ['truncated UTF-8', bytes(0x22, 0xe2, 0x82), 400],
    ['a list', '[]', 422],
    ['null', 'null', 422],
    ['an unknown field', '{"limits":1}', 422],
    ['an unknown field within', '{"filter":{"tag":["a"]}}', 422],
    ['a limit in words', '{"limit":"10"}', 422],
    ['a text that is empty', '{"context":{"text":""}}', 422],
    ['a text that is too long', JSON.stringify({ context: { text: 'é'.repeat(4097) } }), 422],
    ['a lone surrogate', '{"context":{"text":"\\ud800"}}', 422],
    [
      'too many excluded',
      JSON.stringify({ exclude: Array.from({ length: 501 }, (_, at) => `c-${at}`) }),
      422,
    ],
  ])('that is %s is refused', async (_, body, status) => {
    await refused(await send(body), status);
  });

  test('points to the field that is wrong', async () => {
    const { errors } = await refused(await send('{"filter":{"tags":["a","b c"]}}'), 422);
    expect(errors?.[0]?.pointer).toBe('/filter/tags/1');
  });

  test('over 64 KiB is refused, however it is sent', async () => {
    const big = new TextEncoder().encode(`{"context":{"text":"${'x'.repeat(65_536)}"}}`);
    await refused(await send(big), 413);
    await refused(await send(new Blob([big]).stream()), 413);
  });

  test('is read from gzip, no further than its limit, and handed on plain', async () => {
    const gzip = { ...JSON_TYPE, 'Content-Encoding': 'gzip' };
    const packed = (text: string) =>
      new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).bytes();
    const text = '{"context":{"text":"hello"}}';
    expect((await send(await packed(text), gzip)).status).toBe(200);
    const [{ headers, body } = expect.fail()] = behind.asked.slice(-1);
    expect(headers.has('Content-Encoding')).toBe(false);
    expect(JSON.parse(new TextDecoder().decode(body ?? undefined))).toMatchObject(JSON.parse(text));
    behind.asked = [];
    await refused(await send(await packed(`{"context":{"text":"${'x'.repeat(65_536)}"}}`), gzip), 413);
    for (const none of ['{}', '']) await refused(await send(none, gzip), 400);
    const cut = (await packed(text)).slice(0, -6);
    await refused(await send(cut, gzip), 400);
  });

  test('of another type, or encoded otherwise, is refused', async () => {
    await refused(await send('{}', {}), 415);
    await refused(await send('{}', { 'Content-Type': 'application/x-www-form-urlencoded' }), 415);
    await refused(await send('{}', { ...JSON_TYPE, 'Content-Encoding': 'br' }), 415);
  });

  test('of the right type with a parameter is read', async () => {
    expect((await send('{}', { 'Content-Type': 'Application/JSON; charset=utf-8' })).status).toBe(200);
  });

  test('beside a query is refused', async () => {
    await refused(await send('{}', JSON_TYPE, '?limit=5'), 422);
  });
});

describe('events', () => {
  const send = async (body: BodyInit | null, headers: Record<string, string> = JSON_TYPE) =>
    ask('/v1/events', { as: await token('me', { scope: EVERYTHING }), method: 'POST', body, headers });

  async function gzip(text: string): Promise<Uint8Array> {
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  }

  test('go to the gateway byte by byte, signed with its own key, for the caller', async () => {
    const sent = bytes(0x7b, 0xff, 0x00, 0x7d);
    const response = await send(sent);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, rejected: [] });
    expect(response.headers.get('Edgewise-Bookmark')).toBe('W10');
    expect(response.headers.get('Server-Timing')).toMatch(/^auth;dur=\d+, total;dur=\d+$/);
    const [arrived] = behind.asked;
    expect(arrived?.url.href).toBe('http://gateway.test:8789/v1/events');
    expect(arrived?.body).toEqual(sent);
    expect(arrived?.caller).toMatchObject({ tenant_id: 'acme', subject: 'me' });
    expect(arrived?.deadline_ms).toBe(10_000);
    expect(arrived?.headers.get('Content-Type')).toBe('application/json');
    expect(arrived?.headers.get('traceparent')).toMatch(/^00-/);
    expect(arrived?.headers.has('Authorization')).toBe(false);
  });

  test('stay packed on their way', async () => {
    const packed = await gzip('{"type":"message"}\n');
    const headers = { 'Content-Type': 'application/x-ndjson; charset=utf-8', 'Content-Encoding': 'gzip' };
    expect((await send(packed, headers)).status).toBe(202);
    expect(behind.asked[0]?.body).toEqual(packed);
    expect(behind.asked[0]?.headers.get('Content-Encoding')).toBe('gzip');
    expect(behind.asked[0]?.headers.get('Content-Type')).toBe('application/x-ndjson');
  });

  test('of another type or encoding are refused', async () => {
    await refused(await send('a', { 'Content-Type': 'text/csv' }), 415);
    await refused(await send('a', { ...JSON_TYPE, 'Content-Encoding': 'br' }), 415);
    await refused(await send('a', { ...JSON_TYPE, 'Content-Encoding': 'gzip, gzip' }), 415);
  });

  test('that are none are refused', async () => {
    await refused(await send(''), 400);
    await refused(await send(null), 400);
  });

  test('up to the limit are sent, and past it refused, whatever length was announced', async () => {
    expect((await send(new Uint8Array(ENCODED_BYTES))).status).toBe(202);
    behind.asked = [];
    await refused(await send(new Uint8Array(ENCODED_BYTES + 1)), 413);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    await refused(await send(endless), 413);
    expect(sent).toBeLessThan(2 * ENCODED_BYTES);
  });

  test("keep the gateway's verdict, and of its headers those alone that are meant for them", async () => {
    behind.gateway = () =>
      problem(422, { 'Retry-After': '3', 'Set-Cookie': 'a=b', Server: 'x', 'Edgewise-Bookmark': 'no!' });
    const response = await send('{}');
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ type: 'urn:edgewise:problem:test' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      'content-type': 'application/problem+json',
      'ratelimit-policy': expect.stringContaining('"subject";q=600;w=60'),
      'retry-after': '3',
      'server-timing': expect.stringMatching(/^auth;dur=\d+, total;dur=\d+$/),
      vary: 'Authorization, Origin',
      'x-content-type-options': 'nosniff',
    });
  });

  test.each<[string, () => Response]>([
    [
      'cannot be reached',
      () => {
        throw new TypeError('Network connection lost.');
      },
    ],
    ['refuses our signature', () => problem(401)],
    ['answers 200', () => Response.json({})],
    ['answers 500 in HTML', () => new Response('<html>', { status: 500 })],
  ])('are not acknowledged where the gateway %s', async (_, fail) => {
    behind.gateway = fail;
    const response = await send('{}');
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1']);
  });
});

test('what fails inside is told nobody, and logged without what people sent', async () => {
  const lines: string[] = [];
  const console_error = vi
    .spyOn(console, 'error')
    .mockImplementation((line: string) => void lines.push(line));
  const body = vi.spyOn(Request.prototype, 'body', 'get').mockImplementation(() => {
    throw new RangeError('the text was: my secret');
  });
  const response = await ask('/v1/events?', {
    as: await token('me'),
    method: 'POST',
    body: 'x',
    headers: JSON_TYPE,
  });
  body.mockRestore();
  console_error.mockRestore();
  const told = await response.text();
  expect(response.status).toBe(500);
  expect(told).not.toContain('secret');
  expect(lines.length).toBe(1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    level: 'error',
    event: 'unexpected',
    route: '/v1/events',
    error: 'RangeError',
  });
  expect(lines[0]).not.toContain('secret');
});

test('health needs no token and asks nobody', async () => {
  const response = await ask('/v1/health?x=1');
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  expect((await ask('/v1/health', { method: 'HEAD' })).status).toBe(200);
  expect(behind.asked).toEqual([]);
});
