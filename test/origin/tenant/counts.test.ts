import { expect, test } from 'vitest';
import { countsReader } from '../../../origin/tenant/counts.ts';
import { DAY_MS } from '../../../origin/tenant/popularity.ts';
import { openWorld, signal } from '../world.ts';

const clicks = (campaign_id: string, at: number, count = 1) =>
  Array.from({ length: count }, (_, i) => ({
    type: 'click' as const,
    message_id: `${campaign_id}-${at}-${i}`,
    user_id: 'ada',
    campaign_id,
    occurred_at: new Date(at).toISOString(),
  }));

async function counted(afresh = false) {
  const world = await openWorld();
  const days: string[] = [];
  const { counters } = world.stores;
  const read = countsReader({
    counters: {
      ...counters,
      daily(tenant_id, from, to, signal) {
        days.push(`${from} ${to}`);
        return counters.daily(tenant_id, from, to, signal);
      },
    },
    ...{ clock: world.clock, afresh, tenants: 10 },
  });
  return { world, days, read: () => read('acme', signal) };
}

test('of yesterday and today counts are those of now, of the days before no older than a minute', async () => {
  const { world, read } = await counted();
  const [now, before] = [world.time.now, world.time.now - 5 * DAY_MS];
  await world.events([...clicks('now', now), ...clicks('before', before)]);
  const strengths = async () => {
    const { popularity, met } = await read();
    return [popularity(null)('now'), popularity(null)('before'), met.get('now'), met.get('before')];
  };
  const first = (await strengths()) as number[];
  await world.events([...clicks('now', now - 1), ...clicks('before', before - 1)]);
  world.time.now += 59_000;
  const second = (await strengths()) as number[];
  expect(second[0]).toBeGreaterThan(1.8 * (first[0] as number));
  expect(second[1]).toBeCloseTo(first[1] as number, 3);
  expect(second.slice(2)).toEqual([2, 1]);
  world.time.now += 1000;
  const third = (await strengths()) as number[];
  expect(third[1]).toBeGreaterThan(1.8 * (first[1] as number));
  expect(third.slice(2)).toEqual([2, 2]);
});

test('the days before are not read again while they are held, and at once when a day has ended', async () => {
  const { world, days, read } = await counted();
  for (let i = 0; i < 5; i++) await read();
  expect(days).toHaveLength(6);
  world.time.now += DAY_MS;
  await read();
  expect(days).toHaveLength(8);
  expect(days.at(-1)).toBe('2026-11-01 2026-11-02');
  expect(days.at(-2)).toBe('2025-02-10 2026-10-31');
});

test('whatever the day, nothing is counted twice or left out', async () => {
  const { world, read } = await counted();
  for (let day = 0; day < 6; day++) {
    await world.events(clicks('daily', world.time.now, 2));
    world.time.now += DAY_MS / 2;
    await read();
    world.time.now += DAY_MS / 2;
  }
  expect((await read()).met.get('daily')).toBe(12);
});

test('where all is read afresh, a late event counts at once', async () => {
  const { world, read } = await counted(true);
  await read();
  await world.events(clicks('late', world.time.now - 9 * DAY_MS));
  expect((await read()).met.get('late')).toBe(1);
});
