import { describe, expect, test } from 'vitest';
import type { Edge } from '#backing/graph/port.ts';
import { openWorld, signal, topicsOfTalk } from '../world.ts';

const at = (day: string) => ({ lived_at: `${day}T12:00:00.000Z`, accepted_at: `${day}T12:00:00.000Z` });

const TODAY = '2026-11-01';
const engaged = (user_id: string, campaign_id: string, day = TODAY): Edge => {
  return { kind: 'engaged', tenant_id: 'acme', user_id, campaign_id, day, ...at(day) };
};
const replied = (user_id: string, other_id: string, day = TODAY): Edge => {
  return { kind: 'replied', tenant_id: 'acme', user_id, other_id, day, ...at(day) };
};

describe('graph neighbours', () => {
  async function worldWith(...edges: Edge[]) {
    const world = await openWorld();
    await world.campaigns(...topicsOfTalk);
    await world.stores.graph.add(edges, signal);
    return world;
  }

  test('what those engage with whom a person replies to is recommended, with the graph as its reason', async () => {
    const world = await worldWith(replied('ada', 'bob'), engaged('bob', 'backup'), engaged('eve', 'games'));
    const { items } = await world.ask();
    expect(items[0]).toMatchObject({
      campaign_id: 'backup',
      reasons: expect.arrayContaining([expect.objectContaining({ source: 'graph_neighbours' })]),
    });
  });

  test('what those engage with who engage with the same is recommended', async () => {
    const edges = [engaged('ada', 'games'), engaged('bob', 'games'), engaged('bob', 'printing')];
    const world = await worldWith(...edges);
    expect((await world.ask()).ids[0]).toBe('printing');
  });

  test('replies and engagements count from the tenant’s clock, and not from after it', async () => {
    const world = await worldWith(
      replied('ada', 'bob', '2026-10-31'),
      engaged('bob', 'backup', '2026-10-31'),
      engaged('bob', 'games', '2026-08-01'),
      engaged('bob', 'printing', '2026-11-02'),
    );
    const { items } = await world.ask();
    const byGraph = items.filter(({ reasons }) =>
      reasons.some(({ source }) => source === 'graph_neighbours'),
    );
    expect(byGraph.map(({ campaign_id }) => campaign_id)).toEqual(['backup']);
  });

  test('an answer without the graph says so, and is still an answer', async () => {
    const base = await openWorld();
    const neighbours = () => Promise.reject(new Error('down'));
    const world = await openWorld('acme', { graph: { ...base.stores.graph, neighbours } });
    await world.campaigns(...topicsOfTalk);
    const { degraded, items } = await world.ask();
    expect(degraded).toEqual(['graph']);
    expect(items).toHaveLength(topicsOfTalk.length);
  });
});
