import { expect, test } from 'vitest';
import type { ModelContent } from '#contract/model.ts';
import type { PlacementContent } from '#contract/placement.ts';
import { openMeasures } from '../../origin/measures.ts';
import { did, NOW, openWorld, signal, topicsOfTalk } from './world.ts';

const at = new Date(NOW).toISOString();
const placement: PlacementContent = {
  ...{ weights: { popular: 1 }, model: 'mine', repeats: true, boosts: [], pins: [], frequency_caps: [] },
  ...{ diversity: 0, exploration: 0 },
};

/** The least popular first: what was hardly engaged with is worth more, and what nobody did the most. */
const upsideDown: ModelContent = {
  ...{ kind: 'trees', sources: ['popular'], base: 0, weights: [-1] },
  trees: [{ features: [0], above: [0], values: [0, 1, 0.5] }],
};

/** Three campaigns, of which games is the most popular, then backup, then wifi; and a placement that names a model. */
async function openModels(
  given: Partial<PlacementContent> = {},
  shown: Parameters<typeof openWorld>[1] = {},
) {
  const world = await openWorld('acme', shown);
  const { placements, models, answers } = world.stores;
  await world.campaigns(...topicsOfTalk.filter(({ campaign_id }) => campaign_id !== 'printing'));
  const counts = Object.entries({ games: 8, backup: 4, wifi: 2 });
  await world.events(
    counts.flatMap(([id, n]) => Array.from({ length: n }, (_, i) => did('click', `fan-${i}`, id))),
  );
  const raise = () => answers.raise([{ tenant_id: 'acme', user_id: null }], signal);
  const home = { tenant_id: 'acme', name: 'home', at };
  await placements.add({ ...home, content: { ...placement, ...given } }, signal);
  await placements.move({ ...home, version: 1, status: 'live' }, signal);
  return {
    ...world,
    ask: () => world.ask({ placement: 'home' }),
    async model(content: ModelContent) {
      return (await models.add({ tenant_id: 'acme', name: 'mine', content, at }, signal)).version;
    },
    async move(version: number, status: 'live' | 'shadow' | 'retired') {
      await models.move({ tenant_id: 'acme', name: 'mine', version, status, at }, signal);
      await raise();
    },
  };
}

test('a placement is ranked by the live version of its model, and by its weights where that is retired', async () => {
  const { ask, model, move } = await openModels();
  await model(upsideDown);
  expect(await ask()).toMatchObject({ ids: ['games', 'backup', 'wifi'], model: 'weighted-sum-v2' });
  await move(1, 'live');
  expect(await ask()).toMatchObject({ ids: ['wifi', 'backup', 'games'], model: 'mine@1' });
  await model({ kind: 'weights', weights: { popular: 2 } });
  await move(2, 'live');
  expect(await ask()).toMatchObject({ ids: ['games', 'backup', 'wifi'], model: 'mine@2' });
  await move(1, 'live');
  expect((await ask()).model).toBe('mine@1');
  await move(1, 'retired');
  expect(await ask()).toMatchObject({ ids: ['games', 'backup', 'wifi'], model: 'weighted-sum-v2' });
});

test('a version that is a shadow answers nobody, and how much it agrees is measured', async () => {
  const agreed: [string, number][] = [];
  const measures = { ...openMeasures(), agreed: (...told: [string, number]) => void agreed.push(told) };
  const { ask, model, move } = await openModels({}, { measures });
  await model(upsideDown);
  await move(1, 'shadow');
  expect(await ask()).toMatchObject({ ids: ['games', 'backup', 'wifi'], model: 'weighted-sum-v2' });
  expect(agreed).toEqual([['home', 1]]);
});

test('what only the model knows of is asked as well, and is the reason of what it raised', async () => {
  const { ask, model, move, events } = await openModels();
  await events([did('click', 'ada', 'wifi')]);
  await model({
    ...{ kind: 'trees', sources: ['popular', 'repeat_engagement'], base: -3, weights: [0.1, 0] },
    trees: [{ features: [1], above: [0], values: [0, -0.5, 4] }],
  });
  await move(1, 'live');
  const { items, ids } = await ask();
  expect(ids).toEqual(['wifi', 'games', 'backup']);
  expect(items[0]?.reasons[0]?.source).toBe('repeat_engagement');
  expect(items[1]?.reasons).toEqual([{ source: 'popular', weight: 1 }]);
  for (const { reasons } of items)
    expect(reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 3);
});

test('boosts hold for trees as they do for weights', async () => {
  const { ask, model, move } = await openModels({ boosts: [{ tag: 'fun', factor: 100 }] });
  await model(upsideDown);
  await move(1, 'live');
  expect((await ask()).ids).toEqual(['games', 'wifi', 'backup']);
});
