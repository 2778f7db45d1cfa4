import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Edge } from '#backing/graph/port.ts';
import { openGraph } from '#backing/open/graph.ts';
import { temporaryFolder } from '../support/folder.ts';

const { signal } = new AbortController();
const users = ['ada', 'bob', 'eve', 'dan'];
const window = { from_day: '2026-11-01', to_day: '2026-11-30' };

const engaged = fc.record({
  tenant_id: fc.constantFrom('one', 'two'),
  user_id: fc.constantFrom(...users),
  day: fc.constantFrom('2026-10-31', '2026-11-01', '2026-11-02', '2026-11-30'),
  lived_at: fc.constant('2026-11-01T00:00:00.000Z'),
  accepted_at: fc.constant('2026-11-01T00:00:00.000Z'),
  kind: fc.constant('engaged' as const),
  campaign_id: fc.constantFrom('a', 'b', 'c', 'd'),
});
const replied = fc
  .tuple(fc.constantFrom(...users), fc.constantFrom(...users))
  .map(([user_id, other_id]): Edge => {
    const day = '2026-11-02';
    const at = `${day}T00:00:00.000Z`;
    return { tenant_id: 'one', user_id, other_id, day, lived_at: at, accepted_at: at, kind: 'replied' };
  });

test('what is held of the embedded graph never differs from what a new reader of the same file sees', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.oneof(engaged, replied), { maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      async (batches) => {
        const file = `${await temporaryFolder()}/graph.db`;
        const held = openGraph(file, 'normal');
        const all = async (graph: typeof held) =>
          Promise.all(
            users.map((user_id) => graph.neighbours({ tenant_id: 'one', user_id, ...window }, signal)),
          );
        for (const edges of batches) {
          await held.add(edges, signal);
          const fresh = openGraph(file, 'normal');
          expect(await all(held)).toEqual(await all(fresh));
          await fresh.close();
        }
        await held.close();
      },
    ),
    { numRuns: 25 },
  );
});
