import { describe, expect, test, vi } from 'vitest';
import { type ClientOptions, edgewise } from '#contract/client.ts';

/** A client over answers given in turn; the last is given for good. */
function over(answers: (() => Response | Promise<Response>)[], options: Partial<ClientOptions> = {}) {
  const sent: { url: URL; init: RequestInit }[] = [];
  const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    sent.push({ url: new URL(String(input)), init });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return (answer as () => Response)();
  };
  const client = edgewise({ url: 'https://api.test', token: 't', fetch, ...options });
  return { client, sent };
}

const problem =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    Response.json(
      { type: 'urn:edgewise:problem:unavailable', title: '', status, detail: 'No', instance: '/' },
      { status, headers: { 'Content-Type': 'application/problem+json', ...headers } },
    );
const unreachable = () => {
  throw new TypeError('fetch failed');
};
const list = () => Response.json({ items: [] });

describe('the client', () => {
  test('writes ids and queries so that they arrive as they were, and sends no default of its own', async () => {
    const { client, sent } = over([list]);
    await client.recommendations('|trey|&x', { tags: ['a&b', 'c'], limit: 3 }, { bookmark: 'W10' });
    const [{ url, init }] = sent as [(typeof sent)[0]];
    expect(url.pathname).toBe('/v1/users/%7Ctrey%7C%26x/recommendations');
    expect([...url.searchParams]).toEqual([
      ['tags', 'a&b'],
      ['tags', 'c'],
      ['limit', '3'],
    ]);
    expect(Object.fromEntries(new Headers(init.headers))).toEqual({
      authorization: 'Bearer t',
      'edgewise-bookmark': 'W10',
    });
  });

  test('asks for its token anew each time', async () => {
    let asked = 0;
    const { client, sent } = over([list], { token: async () => `t${++asked}` });
    await client.popular();
    await client.popular();
    expect(sent.map(({ init }) => new Headers(init.headers).get('Authorization'))).toEqual([
      'Bearer t1',
      'Bearer t2',
    ]);
  });

  test('tries again what may go well later, as often as it was told, when it was told', async () => {
    vi.useFakeTimers();
    try {
      const { client, sent } = over([problem(503, { 'Retry-After': '2' }), unreachable, list]);
      const asking = client.popular();
      await vi.advanceTimersByTimeAsync(1_999);
      expect(sent.length).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent.length).toBe(2);
      await vi.advanceTimersByTimeAsync(400);
      expect(await asking).toEqual({ items: [] });
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([400, 401, 403, 404, 422, 500])('does not try %i again', async (status) => {
    const { client, sent } = over([problem(status)]);
    await expect(client.popular()).rejects.toMatchObject({ status, retryable: false, message: 'No' });
    expect(sent.length).toBe(1);
  });

  test('does not wait past its deadline', async () => {
    const { client, sent } = over([problem(429, { 'Retry-After': '60' })], { deadline_ms: 5_000 });
    await expect(client.popular()).rejects.toMatchObject({ status: 429, retry_after_ms: 60_000 });
    expect(sent.length).toBe(1);
  });

  test('gives up with the reason of the signal it was given', async () => {
    const { client } = over([unreachable]);
    const reason = new Error('the page was left');
    await expect(client.popular({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('tells of an answer that is no problem by its status', async () => {
    const { client } = over([() => new Response('<html>', { status: 500 })]);
    await expect(client.popular()).rejects.toMatchObject({ code: 'unreadable', problem: null, status: 500 });
  });
});
