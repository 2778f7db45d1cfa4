import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Edge, Graph } from '#backing/graph/port.ts';
import { openGraph } from '#backing/open/graph.ts';
import { temporaryFolder } from '../support/folder.ts';

const { signal } = new AbortController();
const users = ['ada', 'bob', 'eve', 'dan'];
const window = { from_day: '2026-11-01', to_day: '2026-11-30' };

const [before, after] = ['2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'];
const anyEdge = {
  tenant_id: fc.constantFrom('one', 'two'),
  user_id: fc.constantFrom(...users),
  day: fc.constantFrom('2026-10-31', '2026-11-01', '2026-11-02', '2026-11-30'),
  lived_at: fc.constantFrom(before, after),
  accepted_at: fc.constant(before),
};
const message_id = fc.constantFrom('m-1', 'm-2', 'm-3');
const edge: fc.Arbitrary<Edge> = fc.oneof(
  fc.record({
    ...anyEdge,
    kind: fc.constant('engaged' as const),
    campaign_id: fc.constantFrom('a', 'b', 'c', 'd'),
  }),
  fc.record({ ...anyEdge, kind: fc.constant('replied' as const), other_id: fc.constantFrom(...users) }),
  fc.record({ ...anyEdge, kind: fc.constant('answered' as const), message_id }),
  fc.record({ ...anyEdge, kind: fc.constant('wrote' as const), message_id }),
);
type Step = { edges: Edge[] } | { forgotten: string } | { old: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ edges: fc.array(edge, { maxLength: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ forgotten: fc.constantFrom(...users) }) },
  { weight: 1, arbitrary: fc.record({ old: fc.constantFrom('2026-11-01', '2026-11-02') }) },
);

async function take(graph: Graph, taken: Step) {
  const forgotten_at = '2026-11-02T00:00:00.000Z';
  if ('edges' in taken) await graph.add(taken.edges, signal);
  else if ('forgotten' in taken)
    await graph.forget([{ tenant_id: 'one', user_id: taken.forgotten, forgotten_at }], signal);
  else await graph.removeBefore({ day: taken.old, accepted_before: after, dry_run: false }, signal);
}

test('what is held of the embedded graph never differs from what a new reader of the same file sees', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const file = `${await temporaryFolder()}/graph.db`;
      const held = openGraph(file, 'normal');
      const all = async (graph: Graph) =>
        Promise.all(
          users.map((user_id) => graph.neighbours({ tenant_id: 'one', user_id, ...window }, signal)),
        );
      for (const one of steps) {
        await take(held, one);
        const fresh = openGraph(file, 'normal');
        expect(await all(held)).toEqual(await all(fresh));
        await fresh.close();
      }
      await held.close();
    }),
    { numRuns: 30 },
  );
});

/** An edge of the window. */
const edgeOf = (user_id: string, leads: { wrote?: string; answered?: string; engaged?: string }): Edge => {
  const about = { tenant_id: 'one', user_id, day: '2026-11-02', lived_at: before, accepted_at: before };
  if (leads.wrote) return { ...about, kind: 'wrote', message_id: leads.wrote };
  if (leads.answered) return { ...about, kind: 'answered', message_id: leads.answered };
  return { ...about, kind: 'engaged', campaign_id: leads.engaged as string };
};

test('an answer that was held leads nowhere once its message turns out to be of somebody forgotten', async () => {
  const graph = openGraph(`${await temporaryFolder()}/graph.db`, 'normal');
  const ada = () => graph.neighbours({ tenant_id: 'one', user_id: 'ada', ...window }, signal);
  await graph.forget([{ tenant_id: 'one', user_id: 'eve', forgotten_at: after }], signal);
  await graph.add(
    [edgeOf('bob', { wrote: 'm-1' }), edgeOf('bob', { engaged: 'a' }), edgeOf('ada', { answered: 'm-1' })],
    signal,
  );
  expect((await ada()).replied).toEqual([{ campaign_id: 'a', strength: 1 }]);
  await graph.add([edgeOf('eve', { wrote: 'm-1' })], signal);
  expect((await ada()).replied).toEqual([]);
  await graph.close();
});
