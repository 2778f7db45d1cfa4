import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlacementContent } from '#contract/placement.ts';
import { openMeasures } from '../../origin/measures.ts';
import { did, NOW, openWorld, request, signal, topicsOfTalk } from './world.ts';

const plain: PlacementContent = {
  weights: { popular: 1 },
  model: null,
  repeats: true,
  boosts: [],
  pins: [],
  frequency_caps: [],
  diversity: 0,
  exploration: 0,
};

type World = Awaited<ReturnType<typeof openWorld>>;

/** Gives the world's tenant a placement that is live, or has another status. */
async function place(
  { stores: { placements, answers }, tenant_id }: World,
  content: Partial<PlacementContent>,
  { placement = 'home', status = 'live' as 'live' | 'shadow' } = {},
) {
  const at = new Date(NOW).toISOString();
  const made = { tenant_id, name: placement, content: { ...plain, ...content }, at };
  const { version } = await placements.add(made, signal);
  await placements.move({ tenant_id, name: placement, version, status, at }, signal);
  await answers.raise([{ tenant_id, user_id: null }], signal);
  return version;
}

const clicks = (campaign_id: string, count: number) =>
  Array.from({ length: count }, (_, i) => did('click', `fan-${i}`, campaign_id));

/** Four campaigns, of which games is the most popular, then backup, printing and wifi. */
async function openPopular(overrides: Parameters<typeof openWorld>[1] = {}) {
  const world = await openWorld('acme', overrides);
  await world.campaigns(...topicsOfTalk);
  const counts = { games: 8, backup: 6, printing: 4, wifi: 2 };
  await world.events(Object.entries(counts).flatMap(([id, count]) => clicks(id, count)));
  return world;
}

describe("a tenant's own placements", () => {
  test('one that is live answers by its weights; a candidate does not exist yet', async () => {
    const world = await openPopular();
    const at = new Date(NOW).toISOString();
    await world.stores.placements.add({ tenant_id: 'acme', name: 'home', content: plain, at }, signal);
    await expect(world.ask({ placement: 'home' })).rejects.toMatchObject({ kind: 'invalid-request' });
    await place(world, {});
    const { ids, items, placement } = await world.ask({ placement: 'home' });
    expect(ids).toEqual(['games', 'backup', 'printing', 'wifi']);
    expect(items.flatMap(({ reasons }) => reasons)).toEqual(
      Array.from({ length: 4 }, () => ({ source: 'popular', weight: 1 })),
    );
    expect(placement).toBe('home');
  });

  test('one by the name of a shipped one takes its place, and its own weights hold', async () => {
    const world = await openPopular();
    await world.events([did('click', 'ada', 'games')]);
    expect((await world.ask({ placement: 'discover' })).ids).not.toContain('games');
    await place(world, { repeats: true }, { placement: 'discover' });
    expect((await world.ask({ placement: 'discover' })).ids[0]).toBe('games');
  });

  test("another tenant's is no placement here", async () => {
    const world = await openPopular();
    await place(world, {});
    const other = await openWorld('other', {}, world.stores);
    await expect(other.ask({ placement: 'home' })).rejects.toMatchObject({ kind: 'invalid-request' });
  });
});

describe('rules', () => {
  test('a boost raises the campaigns with its tag', async () => {
    const world = await openPopular();
    await place(world, { boosts: [{ tag: 'network', factor: 100 }] });
    expect((await world.ask({ placement: 'home' })).ids[0]).toBe('wifi');
    await place(world, { boosts: [{ tag: 'fun', factor: 0 }] });
    expect((await world.ask({ placement: 'home' })).ids.at(-1)).toBe('games');
  });

  test('a pinned campaign stands where it is pinned, says so, and pushes the others down', async () => {
    const world = await openPopular();
    await place(world, { pins: [{ campaign_id: 'wifi', position: 2, daily_cap: null }] });
    const { ids, items } = await world.ask({ placement: 'home', limit: 3 });
    expect(ids).toEqual(['games', 'wifi', 'backup']);
    expect(items.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect(items[1]?.reasons).toEqual([{ source: 'promoted', weight: 1 }]);
  });

  test('a pin holds also for a campaign that no source raises, and never for one that may not be shown', async () => {
    const world = await openPopular();
    const pins = ['wifi', 'backup'].map((campaign_id, i) => ({
      ...{ campaign_id, position: i + 1, daily_cap: null },
    }));
    await place(world, { weights: { repeat_engagement: 1 }, pins });
    expect((await world.ask({ placement: 'home' })).ids).toEqual(['wifi', 'backup']);
    await world.events([did('dismissal', 'ada', 'wifi')]);
    expect((await world.ask({ placement: 'home' })).ids).toEqual(['backup']);
    expect((await world.ask({ placement: 'home', exclude: ['backup'] })).ids).toEqual([]);
  });

  test('a pin ends for the day once it had its impressions', async () => {
    const world = await openPopular();
    await place(world, { pins: [{ campaign_id: 'wifi', position: 1, daily_cap: 3 }] });
    const seen = (count: number, day: string) =>
      Array.from({ length: count }, (_, i) => did('impression', `viewer-${i}`, 'wifi', `${day}T11:00:00Z`));
    await world.events([...seen(9, '2026-10-31'), ...seen(2, '2026-11-01')]);
    expect((await world.ask({ placement: 'home' })).ids[0]).toBe('wifi');
    await world.events(seen(1, '2026-11-01'));
    expect((await world.ask({ placement: 'home' })).ids[0]).toBe('games');
    world.time.now += 24 * 3600_000;
    expect((await world.ask({ placement: 'home' })).ids[0]).toBe('wifi');
  });

  test('a campaign that a person was shown as often as a cap allows is left out, and comes back with time', async () => {
    const world = await openPopular();
    const pins = [{ campaign_id: 'wifi', position: 1, daily_cap: null }];
    const frequency_caps = [
      { campaign_id: null, impressions: 3, within: 'day' as const },
      { campaign_id: 'wifi', impressions: 1, within: 'week' as const },
    ];
    await place(world, { pins, frequency_caps });
    const shown = (campaign_id: string, count: number) =>
      Array.from({ length: count }, () => did('impression', 'ada', campaign_id, '2026-11-01T11:00:00Z'));
    await world.events([...shown('games', 2), did('impression', 'bob', 'wifi')]);
    expect((await world.ask({ placement: 'home' })).ids).toEqual(['wifi', 'games', 'backup', 'printing']);
    await world.events([...shown('games', 1), ...shown('wifi', 1)]);
    const answer = await world.ask({ placement: 'home' });
    expect([answer.ids, answer.degraded]).toEqual([['backup', 'printing'], []]);
    world.time.now += 23 * 3600_000;
    expect((await world.ask({ placement: 'home' })).ids).toEqual(['games', 'backup', 'printing']);
    world.time.now += 6 * 24 * 3600_000;
    expect((await world.ask({ placement: 'home' })).ids).toEqual(['wifi', 'games', 'backup', 'printing']);
  });

  test('impressions raise no epoch and count all the same; an answer under caps lives for a minute', async () => {
    const world = await openPopular();
    await place(world, { frequency_caps: [{ campaign_id: null, impressions: 1, within: 'day' }] });
    const epochs = await world.stores.answers.read('acme', 'ada', signal);
    const asked = { ...request({ placement: 'home' }) };
    const ask = () => world.recommender.recommendations(asked, { tenant_id: 'acme', epochs, signal });
    const first = await ask();
    expect(first.until_ms).toBe(NOW + 60_000);
    await world.events([did('impression', 'ada', 'games')]);
    const ids = (await ask()).content.items.map(({ campaign_id }) => campaign_id);
    expect(ids).toEqual(['backup', 'printing', 'wifi']);
  });

  test('whatever a person was shown, however late and often it is told, no answer holds a campaign whose cap is reached', async () => {
    const world = await openPopular();
    const ids = topicsOfTalk.map(({ campaign_id }) => campaign_id);
    const within = fc.constantFrom('day' as const, 'week' as const);
    const cap = fc.record({
      campaign_id: fc.constantFrom(null, ...ids),
      impressions: fc.integer({ min: 1, max: 4 }),
      within,
    });
    const seen = fc.record({
      campaign_id: fc.constantFrom(...ids),
      hours_ago: fc.integer({ min: 0, max: 200 }),
      message_id: fc.integer({ min: 0, max: 40 }),
    });
    const told = fc.array(fc.array(seen, { maxLength: 8 }), { maxLength: 4 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(cap, { minLength: 1, maxLength: 4 }), told, async (caps, batches) => {
        const user_id = `viewer-${++run}`;
        await place(world, { frequency_caps: caps, diversity: 0.2, exploration: 0.5 });
        const first = new Map<string, { campaign_id: string; at_ms: number }>();
        for (const batch of batches) {
          const events = batch.map(({ campaign_id, hours_ago, message_id }) => {
            const at_ms = NOW - hours_ago * 3600_000;
            if (!first.has(`m-${message_id}`)) first.set(`m-${message_id}`, { campaign_id, at_ms });
            const occurred_at = new Date(at_ms).toISOString();
            return { ...did('impression', user_id, campaign_id, occurred_at), message_id: `m-${message_id}` };
          });
          await world.events(events);
          await world.events(events.slice(0, 2));
        }
        const reached = ids.filter((id) =>
          caps.some(({ campaign_id, impressions, within }) => {
            if (campaign_id !== null && campaign_id !== id) return false;
            const since_ms = NOW - (within === 'day' ? 1 : 7) * 24 * 3600_000;
            const shown = [...first.values()].filter((one) => one.campaign_id === id && one.at_ms > since_ms);
            return shown.length >= impressions;
          }),
        );
        const answer = await world.ask({ placement: 'home', user_id });
        expect(new Set(answer.ids)).toEqual(new Set(ids.filter((id) => !reached.includes(id))));
      }),
      { numRuns: 60 },
    );
  });

  test('diversity puts what is unlike before what is alike', async () => {
    const world = await openPopular();
    await world.campaigns({ campaign_id: 'more-games', title: 'Games', text: 'More games', tags: ['fun'] });
    await world.events(clicks('more-games', 7));
    await place(world, {});
    expect((await world.ask({ placement: 'home', limit: 3 })).ids).toEqual(['games', 'more-games', 'backup']);
    await place(world, { diversity: 0.5 });
    expect((await world.ask({ placement: 'home', limit: 3 })).ids).toEqual(['games', 'backup', 'printing']);
    await place(world, { diversity: 1 });
    expect(new Set((await world.ask({ placement: 'home', limit: 5 })).ids).size).toBe(5);
  });

  test('exploration gives a campaign that was hardly met a place in the lower half, in its share of the answers', async () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const world = await openPopular({ random });
    await world.campaigns({ campaign_id: 'new', title: 'New', text: 'Never seen' });
    await world.events(clicks('games', 200));
    await place(world, { exploration: 0.5 });
    const answers = [];
    for (let i = 0; i < 40; i++) answers.push(await world.ask({ placement: 'home', limit: 2 }));
    const explored = answers.filter(({ items }) =>
      items.some(({ reasons }) => reasons[0]?.source === 'exploration'),
    );
    expect(explored.length).toBeGreaterThan(10);
    expect(explored.length).toBeLessThan(30);
    for (const { items, ids } of explored) {
      expect(items[0]?.reasons[0]?.source).toBe('popular');
      expect(new Set(ids).size).toBe(2);
      expect(ids).not.toEqual(['games', 'backup']);
    }
  });
});

test('a shadow answers nobody, and how much it agrees is measured', async () => {
  const agreed: unknown[] = [];
  const measures = { ...openMeasures(), agreed: (...told: unknown[]) => void agreed.push(told) };
  const world = await openPopular({ measures });
  await place(world, {});
  await place(world, { boosts: [{ tag: 'network', factor: 100 }] }, { status: 'shadow' });
  expect((await world.ask({ placement: 'home', limit: 2 })).ids).toEqual(['games', 'backup']);
  expect(agreed).toEqual([['home', 0.5]]);
});
