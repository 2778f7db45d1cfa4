import { describe, expect, test } from 'vitest';
import type { Profiles } from '#backing/profiles/port.ts';
import { did, NOW, openWorld, request, said, signal, topicsOfTalk } from './world.ts';

describe('what is recommended', () => {
  test('a new person gets what is popular, and is told so', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([
      did('click', 'bob', 'games'),
      did('click', 'eve', 'games'),
      did('click', 'eve', 'backup'),
    ]);
    const { ids, items } = await world.ask({ user_id: 'nobody-yet' });
    expect(ids.slice(0, 2)).toEqual(['games', 'backup']);
    expect(items[0]?.reasons.map(({ source }) => source).sort()).toEqual(['popular', 'trending']);
  });

  test('discover leaves out whatever the person ever engaged with; continue welcomes it', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([did('click', 'ada', 'games'), said('ada', 'my printer is jammed', 'printing')]);
    expect((await world.ask()).ids.sort()).toEqual(['backup', 'wifi']);
    const { ids, items } = await world.ask({ placement: 'continue' });
    expect(ids.slice(0, 2).sort()).toEqual(['games', 'printing']);
    expect(items[0]?.reasons[0]?.source).toBe('repeat_engagement');
  });

  test('an impression is no engagement', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([did('impression', 'ada', 'games')]);
    expect((await world.ask()).ids).toContain('games');
  });

  test('what a person talks about raises the campaigns that fit it', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([said('ada', 'the wifi signal drops, is it the wireless driver?')]);
    const { items } = await world.ask();
    expect(items[0]).toMatchObject({
      campaign_id: 'wifi',
      reasons: expect.arrayContaining([expect.objectContaining({ source: 'nearest_campaigns' })]),
    });
  });

  test('what is being said now counts more than what is popular', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([did('click', 'bob', 'games')]);
    const { items } = await world.ask({ context: 'copies of photos and documents' });
    expect(items[0]?.campaign_id).toBe('backup');
    expect(items[0]?.reasons[0]?.source).toBe('fitting_context');
  });

  test('a new campaign is found by its text at once', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([said('ada', 'how do I mount a guitar amplifier?')]);
    await world.ask();
    await world.campaigns({ campaign_id: 'music', title: 'Guitars', text: 'Amplifiers for your guitar' });
    expect((await world.ask()).ids[0]).toBe('music');
  });

  test('an answer has as many as are asked for, each once, ranked from 1, with reasons that add up', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([said('ada', 'wifi and games and printers'), did('click', 'bob', 'games')]);
    const { items } = await world.ask({ limit: 3 });
    expect(items.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect(new Set(items.map(({ campaign_id }) => campaign_id)).size).toBe(3);
    for (const { reasons } of items) {
      expect(reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 2);
    }
  });
});

describe('what is left out', () => {
  test('campaigns that are paused, ended, not begun, deleted', async () => {
    const world = await openWorld();
    const [wifi, printing, backup, games] = topicsOfTalk as [object, object, object, object];
    await world.campaigns(
      { ...(wifi as { campaign_id: string; title: string; text: string }), status: 'paused' },
      {
        ...(printing as { campaign_id: string; title: string; text: string }),
        ends_at: '2026-11-01T11:59:59Z',
      },
      {
        ...(backup as { campaign_id: string; title: string; text: string }),
        starts_at: '2026-11-01T12:00:01Z',
      },
      games as { campaign_id: string; title: string; text: string },
    );
    expect((await world.ask()).ids).toEqual(['games']);
    const { tenant_id, stores } = world;
    await stores.catalogue.put([{ tenant_id, campaign_id: 'games', version: 99, campaign: null }], signal);
    await stores.answers.raise([{ tenant_id, user_id: null }], signal);
    expect((await world.ask()).ids).toEqual([]);
  });

  test('campaigns of other locales, without the tags asked for, and excluded ones', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk, {
      campaign_id: 'jeux',
      title: 'Jeux',
      text: 'Jouer',
      locales: ['fr'],
      tags: ['fun'],
    });
    expect((await world.ask({ locale: 'en' })).ids).not.toContain('jeux');
    expect((await world.ask({ locale: 'fr' })).ids).toContain('jeux');
    expect((await world.ask({ tags: ['fun'] })).ids.sort()).toEqual(['games', 'jeux']);
    expect((await world.ask({ exclude: ['games', 'wifi'] })).ids.sort()).toEqual([
      'backup',
      'jeux',
      'printing',
    ]);
  });

  test('a dismissed campaign, until the person engages with it again', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([did('dismissal', 'ada', 'games', '2026-11-01T09:00:00Z')]);
    expect((await world.ask({ placement: 'continue' })).ids).not.toContain('games');
    await world.events([did('click', 'ada', 'games', '2026-11-01T11:00:00Z')]);
    expect((await world.ask({ placement: 'continue' })).ids).toContain('games');
  });

  test('an event about a campaign that is not known is kept, and joined once it is', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.events([did('click', 'ada', 'later')]);
    expect((await world.ask({ placement: 'continue' })).ids).not.toContain('later');
    await world.campaigns({ campaign_id: 'later', title: 'Later', text: 'It came later' });
    expect((await world.ask({ placement: 'continue' })).ids[0]).toBe('later');
  });
});

describe("the tenant's clock", () => {
  test('imported history of long ago ranks by its own time', async () => {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    const old = Array.from({ length: 30 }, (_, i) => did('click', `u${i}`, 'wifi', '2009-01-01T00:00:00Z'));
    await world.events(old, true);
    await world.events(
      [
        did('click', 'u1', 'games', '2018-05-01T00:00:00Z'),
        did('click', 'u2', 'games', '2018-05-02T00:00:00Z'),
      ],
      true,
    );
    expect((await world.ask()).ids[0]).toBe('games');
  });

  test('an answer ends when the first of its campaigns does', async () => {
    const world = await openWorld();
    const ends_at = '2026-11-01T12:05:00.000Z';
    await world.campaigns(...topicsOfTalk, {
      campaign_id: 'brief',
      title: 'Brief',
      text: 'Only now',
      ends_at,
    });
    const epochs = await world.stores.answers.read('acme', 'ada', signal);
    const { until_ms } = await world.recommender.recommendations(request(), {
      tenant_id: 'acme',
      epochs,
      signal,
    });
    expect(until_ms).toBe(Date.parse(ends_at));
    expect(until_ms).toBeGreaterThan(NOW);
  });
});

describe('when a dependency fails', () => {
  test('an answer without vectors says so, and is still an answer', async () => {
    const broken = async () => {
      throw new Error('down');
    };
    const base = await openWorld();
    const vectors = { ...base.stores.vectors, messages: broken, nearestCampaigns: broken };
    const world = await openWorld('acme', { vectors });
    await world.campaigns(...topicsOfTalk);
    await world.events([said('ada', 'wifi')]);
    const { ids, degraded } = await world.ask();
    expect(degraded).toEqual(['vectors']);
    expect(ids).toHaveLength(4);
  });

  test('profiles that never answer are given up on, and named', async () => {
    const profiles: Profiles = { ...(await openWorld()).stores.profiles, read: () => new Promise(() => {}) };
    const world = await openWorld('acme', { profiles });
    await world.campaigns(...topicsOfTalk);
    expect(await world.ask()).toMatchObject({
      degraded: ['profiles'],
      ids: expect.arrayContaining(['wifi']),
    });
  });

  test('a catalogue that can no longer be read is given as last read, and named; one never read is no answer', async () => {
    const base = await openWorld();
    let up = false;
    const catalogue = {
      ...base.stores.catalogue,
      all: async (tenant_id: string, s: AbortSignal) => {
        if (!up) throw new Error('down');
        return base.stores.catalogue.all(tenant_id, s);
      },
    };
    await base.campaigns(...topicsOfTalk);
    const world = await openWorld('acme', { ...base.options, catalogue });
    const ask = (tenant: number) =>
      world.recommender.recommendations(request(), {
        tenant_id: 'acme',
        epochs: { user: 1, tenant },
        signal,
      });
    await expect(ask(1)).rejects.toMatchObject({ kind: 'unavailable' });
    up = true;
    expect((await ask(2)).degraded).toEqual([]);
    up = false;
    const { content, degraded } = await ask(3);
    expect(degraded).toEqual(['catalogue']);
    expect(content.items).toHaveLength(4);
  });
});

test('a placement that there is not is refused, with those that there are', async () => {
  const world = await openWorld();
  await expect(world.ask({ placement: 'home' })).rejects.toMatchObject({
    kind: 'invalid-request',
    errors: [
      {
        pointer: '/placement',
        detail: 'One of discover, continue, or of those that the tenant has made live',
      },
    ],
  });
});

test('a campaign is like others, never like itself, and only if it is known', async () => {
  const world = await openWorld();
  await world.campaigns(...topicsOfTalk, {
    campaign_id: 'router',
    title: 'Routers',
    text: 'Wireless routers and wifi signal',
  });
  const about = { tenant_id: 'acme', epochs: { user: 0, tenant: 1 }, signal };
  const { content } = await world.recommender.similar({ campaign_id: 'wifi', limit: 2 }, about);
  expect(content.items[0]?.campaign_id).toBe('router');
  expect(content.items.map(({ campaign_id }) => campaign_id)).not.toContain('wifi');
  await expect(world.recommender.similar({ campaign_id: 'none', limit: 2 }, about)).rejects.toMatchObject({
    kind: 'not-found',
  });
});

test("tenants with the same ids never see each other's", async () => {
  const world = await openWorld('acme');
  await world.campaigns(...topicsOfTalk);
  await world.events([did('click', 'ada', 'games')]);
  const about = { tenant_id: 'other', epochs: { user: 0, tenant: 0 }, signal };
  expect((await world.recommender.recommendations(request(), about)).content.items).toEqual([]);
  expect((await world.recommender.popular({ locale: null, limit: 10 }, about)).content.items).toEqual([]);
  await expect(world.recommender.similar({ campaign_id: 'games', limit: 2 }, about)).rejects.toMatchObject({
    kind: 'not-found',
  });
});
