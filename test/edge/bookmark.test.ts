import { exports } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { BOOKMARK_HEADER, encodeBookmark } from '#contract/bookmark.ts';
import type { Recommendations } from '#contract/recommendation.ts';
import { answered, ask, behind, newPerson, openEdge, problem, resetBehind } from './support/edge.ts';

beforeAll(() => openEdge());
beforeEach(() => {
  resetBehind();
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const BOOKMARK = encodeBookmark([['events', 3, 41]]);
const marked = { [BOOKMARK_HEADER]: BOOKMARK };
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function read(person: { as: string; path: string }, headers: Record<string, string> = {}) {
  const response = await ask(person.path, { as: person.as, headers });
  return {
    code: response.status,
    cache: response.headers.get('Cache-Status'),
    etag: response.headers.get('ETag'),
    body: await response.text(),
  };
}

/** What the cron trigger does. */
const { scheduled } = exports.default as unknown as { scheduled(event: { cron: string }): Promise<void> };

const LIST = JSON.stringify({
  recommendation_id: 'r',
  user_id: 'u',
  placement: 'discover',
  generated_at: '2026-11-01T10:00:00Z',
  model: 'm',
  degraded: [],
  items: [{ campaign_id: 'c-1', rank: 1, score: 1, reasons: [] }],
} satisfies Recommendations);

/** What the origin says where the views are behind: an answer without what would let it be kept. */
const pending = () =>
  new Response('{"degraded":["pending_write"]}', {
    headers: { 'Content-Type': 'application/json', ETag: '"pending"' },
  });

describe('a question with a bookmark', () => {
  test('goes to the origin with it, however fresh what is kept is, and what it is told is kept', async () => {
    const person = await newPerson();
    const first = await read(person);
    const second = await read(person, marked);
    expect(second.cache).toMatch(/^edgewise; fwd=request; stored; ttl=\d+; detail=bookmark$/);
    expect(second.body).not.toBe(first.body);
    expect(behind.asked.map(({ headers }) => headers.get(BOOKMARK_HEADER))).toEqual([null, BOOKMARK]);
    const third = await read(person);
    expect([third.cache?.includes('hit'), third.body]).toEqual([true, second.body]);
  });

  test('asks for every kind of answer, and for what is being said now', async () => {
    const { as, path } = await newPerson();
    for (const one of [path, '/v1/campaigns/popular', '/v1/campaigns/c-1/similar', '/v1/campaigns/c-1'])
      await read({ as, path: one }, marked);
    const body = '{"context":{"text":"hello"}}';
    await ask(path, { as, method: 'POST', body, headers: { 'Content-Type': 'application/json', ...marked } });
    expect(behind.asked.map(({ headers }) => headers.get(BOOKMARK_HEADER))).toEqual(
      behind.asked.map(() => BOOKMARK),
    );
    expect(behind.asked.length).toBe(5);
  });

  test('is told that a write is pending, which is kept nowhere and takes nothing from others', async () => {
    const person = await newPerson();
    const good = await read(person);
    const { origin } = behind;
    behind.origin = pending;
    const told = await read(person, marked);
    expect(told).toMatchObject({ cache: 'edgewise; fwd=request; detail=bookmark', etag: '"pending"' });
    later(4_000);
    expect(await read(person)).toMatchObject({ body: good.body });
    behind.origin = origin;
    expect((await read(person, marked)).body).not.toContain('pending_write');
  });

  test('is never given what is kept while the origin fails, but what is popular, which says that it may be of before', async () => {
    const person = await newPerson();
    await read(person);
    behind.origin = () => problem(503);
    expect((await read(person, marked)).code).toBe(503);
    behind.origin = () => answered({ body: LIST });
    await scheduled({ cron: '* * * * *' });
    behind.origin = () => problem(503);
    later(90_000);
    const { degraded } = JSON.parse((await read(person, marked)).body) as Recommendations;
    expect(degraded).toEqual(['origin', 'pending_write']);
  });

  test('that holds none is told what to send', async () => {
    const person = await newPerson();
    for (const none of ['nonsense', encodeBookmark([['events', 0, -1]]), '']) {
      const { code, body } = await read(person, { [BOOKMARK_HEADER]: none });
      expect(code).toBe(400);
      expect(body).toContain('holds no bookmark');
    }
    expect(behind.asked).toEqual([]);
  });

  test('is told 304 where it has what it would be told', async () => {
    const person = await newPerson();
    behind.origin = () => answered({ body: '{}', etag: '"same"' });
    await read(person);
    expect((await read(person, { ...marked, 'If-None-Match': '"same"' })).code).toBe(304);
  });
});
