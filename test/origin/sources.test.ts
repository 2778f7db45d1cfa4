import { describe, expect, test, vi } from 'vitest';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { Query } from '../../origin/pipeline/stages.ts';
import { similarConversations } from '../../origin/sources/similar-conversations.ts';
import { did, NOW, openWorld, request, said, signal, topicsOfTalk } from './world.ts';

describe('similar conversations', () => {
  const ask = async (events: ReturnType<typeof said>[]) => {
    const world = await openWorld();
    await world.events(events);
    const [talk] = await hashingEmbedder.embed(['the wifi signal drops'], signal);
    const { version } = hashingEmbedder;
    const query = { tenant_id: 'acme', request: request(), version, talk, as_of_ms: NOW } as unknown as Query;
    return similarConversations(world.stores.vectors).find(query, signal);
  };

  test("vote for what they are about, the more alike the more; one's own do not, nor what was said later", async () => {
    const found = await ask([
      said('bob', 'wifi signal drops here', 'wifi'),
      said('eve', 'a wifi printer', 'printing'),
      said('ada', 'the wifi signal drops', 'own'),
      said('eve', 'the wifi signal drops', 'later', '2026-11-01T12:00:01Z'),
      said('eve', 'the wifi signal drops'),
    ]);
    expect([...found.keys()]).toEqual(['wifi', 'printing']);
    expect(found.get('wifi')).toBeGreaterThan(found.get('printing') as number);
  });

  test('count half after a year', async () => {
    const text = 'the wifi signal drops';
    const found = await ask([
      said('bob', text, 'now', '2026-11-01T11:59:59Z'),
      said('eve', text, 'then', '2025-11-01T11:59:59Z'),
    ]);
    expect((found.get('then') as number) / (found.get('now') as number)).toBeCloseTo(0.5, 3);
  });
});

test('what goes on just now comes before what was as popular yesterday', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  const clicks = (campaign: string, at: string) =>
    ['bob', 'eve'].map((user) => did('click', user, campaign, at));
  await world.events([...clicks('wifi', '2026-10-31T11:50:00Z'), ...clicks('games', '2026-11-01T11:50:00Z')]);
  const { items } = await world.ask();
  expect(items.map(({ campaign_id }) => campaign_id).slice(0, 2)).toEqual(['games', 'wifi']);
  expect(items[0]?.reasons.map(({ source }) => source)).toContain('trending');
  expect(items[1]?.reasons.map(({ source }) => source)).not.toContain('trending');
});

test('a person is read once while their epoch holds, and each time where it is not known', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  await world.events([said('ada', 'wifi')]);
  const read = vi.spyOn(world.stores.profiles, 'read');
  const messages = vi.spyOn(world.stores.vectors, 'messages');
  const ask = (user: number) =>
    world.recommender.recommendations(request(), { tenant_id: 'acme', epochs: { user, tenant: 1 }, signal });
  for (const epoch of [5, 5, 6, 6, 0, 0]) await ask(epoch);
  expect(read).toHaveBeenCalledTimes(4);
  // Their messages are the same all the while.
  expect(messages).toHaveBeenCalledTimes(1);
});

test('the vectors of what a person says are read again once they said more, and after a minute', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  await world.events([said('ada', 'wifi')]);
  const messages = vi.spyOn(world.stores.vectors, 'messages');
  let epoch = 5;
  const ask = () =>
    world.recommender.recommendations(request(), {
      ...{ tenant_id: 'acme', epochs: { user: epoch++, tenant: 1 }, signal },
    });
  await ask();
  await world.events([said('ada', 'and my games')]);
  await ask();
  expect(messages).toHaveBeenCalledTimes(2);
  world.time.now += 59_000;
  await ask();
  expect(messages).toHaveBeenCalledTimes(2);
  world.time.now += 1_000;
  await ask();
  expect(messages).toHaveBeenCalledTimes(3);
});

test('a message whose vector is late is looked for with each thing that its person does', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk);
  await world.events([said('ada', 'wifi')]);
  const messages = vi.spyOn(world.stores.vectors, 'messages');
  const ask = (user: number) =>
    world.recommender.recommendations(request(), { tenant_id: 'acme', epochs: { user, tenant: 1 }, signal });
  messages.mockResolvedValueOnce([null]);
  await ask(5);
  await ask(6);
  await ask(7);
  expect(messages).toHaveBeenCalledTimes(2);
});

test('answers without what is learnt of people are whole but for that, and say so', async () => {
  const base = await openWorld();
  const profiles = {
    ...base.stores.profiles,
    all() {
      throw new Error('down');
    },
  };
  const world = await openWorld('acme', { ...base.options, profiles }, base.stores);
  await world.campaigns(...topicsOfTalk);
  const { ids, degraded } = await world.ask();
  expect(degraded).toEqual(['patterns']);
  expect(ids).toHaveLength(4);
});
