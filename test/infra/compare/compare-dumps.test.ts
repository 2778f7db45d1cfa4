import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { composite } from '#contract/ids.ts';
import { compareDumps, NEAR } from '../../../infra/local/compare/compare-dumps.ts';
import { VIEWS } from '../../../infra/local/compare/views.ts';

const [whole, vectors] = ['counters', 'vectors'].map(
  (name) => VIEWS.find((view) => view.name === name)?.canonical ?? expect.fail(),
) as [(typeof VIEWS)[0]['canonical'], (typeof VIEWS)[0]['canonical']];

async function* dump(lines: readonly string[]): AsyncIterable<string> {
  yield* lines;
}

/** Lines that rise by their keys, as those of a dump; no id has a space in it. */
const linesArb = fc
  .uniqueArray(fc.stringMatching(/^[!-~]{0,3}$/), { maxLength: 12 })
  .map((keys) => keys.sort((a, b) => (a < b ? -1 : 1)).map((key) => `${composite('row', key)} 1`));

const vectorLine = (id: string, bytes: readonly number[] | null, campaign_id: string | null = null) => {
  const text = bytes && Buffer.from(Int8Array.from(bytes).buffer).toString('base64');
  return `${composite('message', id)} ${composite(campaign_id, text)}`;
};

describe('comparing dumps', () => {
  test('two are equal where all lines are, and only then; each line that a side lacks is counted', async () => {
    await fc.assert(
      fc.asyncProperty(
        linesArb,
        fc.infiniteStream(fc.constantFrom('left', 'right', 'both', 'changed')),
        async (all, fates) => {
          const [left, right]: [string[], string[]] = [[], []];
          let differing = 0;
          for (const line of all) {
            const fate = fates.next().value;
            if (fate !== 'right') left.push(line);
            if (fate === 'both') right.push(line);
            else if (fate !== 'left') right.push(line.replace(/1$/, '2'));
            if (fate !== 'both') differing++;
          }
          const compared = await compareDumps(dump(left), dump(right), whole);
          expect(compared).toMatchObject({
            differing,
            equal: differing === 0,
            lines: [left.length, right.length],
          });
          expect(compared.hashes[0] === compared.hashes[1]).toBe(left.join('\n') === right.join('\n'));
          expect(compared.first.length).toBe(Math.min(5, differing));
        },
      ),
    );
  });

  test('vectors may differ a little, but neither more nor in their number, nor what else is told of them', async () => {
    const base = vectorLine('m', [100, 20, 3]);
    const against = (other: string) => compareDumps(dump([base]), dump([other]), vectors);
    expect(await against(base)).toMatchObject({ equal: true, least_cosine: 1 });
    const near = await against(vectorLine('m', [100, 21, 3]));
    expect(near.equal).toBe(true);
    expect(near.hashes[0]).toBe(near.hashes[1]);
    expect(near.least_cosine).toBeGreaterThan(NEAR);
    expect(near.least_cosine).toBeLessThan(1);
    expect((await against(vectorLine('m', [100, 30, 3]))).equal).toBe(false);
    expect((await against(vectorLine('m', [100, 20, 3, 0]))).equal).toBe(false);
    expect((await against(vectorLine('m', null))).equal).toBe(false);
    expect((await against(vectorLine('m', [0, 0, 0]))).equal).toBe(false);
    expect((await against(vectorLine('m', [100, 20, 3], 'c'))).equal).toBe(false);
    expect((await against(vectorLine('n', [100, 20, 3]))).differing).toBe(2);
  });

  test('two vectors that say nothing are equal, and a deleted campaign has none', async () => {
    const lines = [vectorLine('a', [0, 0]), vectorLine('b', null)];
    expect(await compareDumps(dump(lines), dump(lines), vectors)).toMatchObject({
      equal: true,
      least_cosine: 1,
    });
  });
});
