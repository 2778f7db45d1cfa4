import { describe, expect, test } from 'vitest';
import { Campaign } from '#contract/campaign.ts';
import { Event, isEngagement } from '#contract/event.ts';
import { parse } from '#contract/parse.ts';
import { type Crowd, simulateCrowd } from '../../../infra/local/quality/shapes/crowd.ts';
import { holdShape } from '../../../infra/local/quality/shapes/hold.ts';
import { shapes } from '../../../infra/local/quality/shapes/shapes.ts';
import { simpleLists } from '../../../infra/local/quality/shapes/simple.ts';

const { signal } = new AbortController();
const now_ms = Date.parse('2026-11-01T00:00:00.000Z');
const crowdOf = (shape: string): Crowd => shapes.get(shape) ?? expect.fail(`There is a shape "${shape}"`);

test.each([...shapes.keys()])(
  'the data of "%s" are the same by the same seed, and what the contract takes',
  (shape) => {
    const crowd = { ...crowdOf(shape), people: 20 };
    const { campaigns, events } = simulateCrowd(crowd, { seed: 2, now_ms });
    expect(simulateCrowd(crowd, { seed: 2, now_ms })).toEqual({ campaigns, events });
    expect(events.length).toBeGreaterThan(20);
    for (const event of events.slice(0, 50)) expect(parse(Event, event)).toMatchObject(event);
    for (const campaign of campaigns.slice(0, 50)) expect(parse(Campaign, campaign)).toMatchObject(campaign);
    expect(events.map(({ occurred_at }) => occurred_at)).toEqual(
      events.map((one) => one.occurred_at).toSorted(),
    );
  },
);

test('what is simple knows of nothing from the moment of its question on', () => {
  const { campaigns, events } = simulateCrowd({ ...crowdOf('usual'), people: 40 }, { seed: 3, now_ms });
  const middle = events[Math.floor(events.length / 2)] ?? expect.fail('There are events');
  const question = { user_id: middle.user_id, moment: middle.occurred_at };
  const before = events.filter(({ occurred_at }) => occurred_at < middle.occurred_at);
  expect(before.filter(isEngagement).length).toBeGreaterThan(100);
  const lists = (all: typeof events) => simpleLists({ campaigns, events: all }, [question], true);
  expect(lists(events)).toEqual(lists(before));
  expect([...lists(events).keys()]).toEqual(expect.arrayContaining(['popularity', 'EASE', 'plain sum']));
});

describe('the shipped placements choose for themselves', () => {
  test('where nobody turns to anything twice, continue is about as good as what recommends nothing that is known', async () => {
    const crowd = crowdOf('no text, nothing twice');
    const { ndcg, simple } = await holdShape(
      { shape: 'nothing twice', crowd, placement: 'continue', seed: 1, now_ms },
      signal,
    );
    expect(simple.name).toMatch(/new alone/);
    expect(ndcg).toBeGreaterThan(0.9 * simple.ndcg);
  }, 90_000);

  test('where people talk and nobody turns to anything twice, discover goes by what they ever cared about', async () => {
    const crowd = crowdOf('text, nothing twice');
    const { ndcg, simple } = await holdShape(
      { shape: 'nothing twice', crowd, placement: 'discover', seed: 1, now_ms },
      signal,
    );
    expect(simple.name).toBe('EASE');
    expect(ndcg).toBeGreaterThan(0.85 * simple.ndcg);
  }, 90_000);
});
