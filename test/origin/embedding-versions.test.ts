import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Embedders, embeddersOf } from '#backing/embedder/embedders.ts';
import { hashingEmbedder } from '#backing/embedder/hashing.ts';
import type { Embedder, EmbeddingVersion } from '#backing/embedder/port.ts';
import { openRecommender, type RecommenderOptions } from '../../origin/recommender.ts';
import { otherEmbedder } from '../support/other-embedder.ts';
import { type Wrap, watched } from './watched.ts';
import { did, openWorld, request, said, signal, topicsOfTalk } from './world.ts';

const [usual, other] = [hashingEmbedder.version, otherEmbedder.version];
const both = embeddersOf(hashingEmbedder, otherEmbedder);

/** Stores with both versions of all vectors. */
async function filledWorld(options: Partial<RecommenderOptions> = {}) {
  const world = await openWorld('acme', { embedders: both, ...options });
  await world.campaigns(...topicsOfTalk);
  await world.events([
    said('ada', 'the wifi signal drops, is it the wireless driver?'),
    did('click', 'bob', 'games'),
  ]);
  const { versions, answers } = world.stores;
  async function switchTo(to: EmbeddingVersion) {
    const from = await versions.current('acme', signal);
    await versions.switch({ tenant_id: 'acme', from, to }, signal);
    await answers.raise([{ tenant_id: 'acme', user_id: null }], signal);
  }
  return { ...world, switchTo };
}

describe('the embedding version of an answer', () => {
  async function versionsOf(world: Awaited<ReturnType<typeof filledWorld>>) {
    const seen: string[] = [];
    const options = watched(
      world.options,
      (id) => seen.push(id),
      (run) => run,
    );
    const recommender = openRecommender(options);
    return async (context: string | null = 'copies of photos') => {
      seen.length = 0;
      const epochs = await world.stores.answers.read('acme', 'ada', signal);
      const about = { tenant_id: 'acme', epochs, signal };
      const { content } = await recommender.recommendations(request({ context }), about);
      await recommender.similar({ campaign_id: 'wifi', limit: 3 }, about);
      return { content, seen: new Set(seen) };
    };
  }

  test('is the usual one until the tenant is switched, and from the raised epoch on the one it was switched to', async () => {
    const world = await filledWorld();
    const ask = await versionsOf(world);
    expect((await ask()).seen).toEqual(new Set([usual.id]));
    for (const to of [other, usual, other]) {
      await world.switchTo(to);
      const { content, seen } = await ask();
      expect(seen).toEqual(new Set([to.id]));
      expect(content.degraded).toEqual([]);
      expect(content.items[0]?.campaign_id).toBe('backup');
    }
  });

  test('costs nothing to know while the epoch stays', async () => {
    const world = await filledWorld();
    let reads = 0;
    const versions = {
      ...world.stores.versions,
      async current(...args: Parameters<typeof world.stores.versions.current>) {
        reads++;
        return world.stores.versions.current(...args);
      },
    };
    const ask = await versionsOf({ ...world, options: { ...world.options, versions } });
    for (let i = 0; i < 10; i++) await ask();
    expect(reads).toBe(1);
  });

  test('where no embedder of it is configured, stored vectors are used, and context is left out and named', async () => {
    const world = await filledWorld();
    await world.switchTo(other);
    const embedders = embeddersOf(hashingEmbedder);
    const ask = await versionsOf({ ...world, options: { ...world.options, embedders } });
    const { content, seen } = await ask();
    expect(seen).toEqual(new Set([other.id]));
    expect(content.degraded).toEqual(['embedder']);
    const sources = content.items.flatMap(({ reasons }) => reasons.map(({ source }) => source));
    expect(sources).toContain('nearest_campaigns');
    expect(sources).not.toContain('fitting_context');
    expect((await ask(null)).content.degraded).toEqual([]);
  });

  test('an embedder of the same id that was made of another model is none of it', async () => {
    const changed: Embedder = { ...otherEmbedder, version: { ...other, digest: 'another' } };
    const embedders: Embedders = embeddersOf(hashingEmbedder, changed);
    expect(embedders.of(other)).toBeNull();
    expect(embedders.of(changed.version)).toBe(changed);
    expect(() => embeddersOf(changed, otherEmbedder)).toThrow('same embedding version');
  });
});

test('whenever switches happen among any questions at once, none mixes embedding versions', async () => {
  const world = await filledWorld();
  const { answers, versions } = world.stores;
  const asking = new AsyncLocalStorage<Set<string>>();
  const question = fc.constantFrom('recommendations', 'similar');
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(question, { minLength: 1, maxLength: 4 }),
      fc.array(fc.constantFrom(usual, other), { minLength: 1, maxLength: 3 }),
      async (scheduler, questions, switches) => {
        const wrap: Wrap = (run) => scheduler.scheduleFunction(run);
        const told = (id: string) => asking.getStore()?.add(id);
        const options = watched({ ...world.options, dependency_ms: 60_000 }, told, wrap);
        const recommender = openRecommender(options);

        const asked = questions.map(async (which) => {
          await scheduler.schedule(Promise.resolve());
          const used = new Set<string>();
          const degraded = await asking.run(used, async () => {
            const epochs = await answers.read('acme', 'ada', signal);
            const about = { tenant_id: 'acme', epochs, signal };
            const { content } =
              which === 'similar'
                ? await recommender.similar({ campaign_id: 'wifi', limit: 3 }, about)
                : await recommender.recommendations(request({ context: 'copies of photos' }), about);
            return content.degraded;
          });
          return { used: [...used], degraded };
        });
        const switching = scheduler.scheduleSequence(
          switches.flatMap((to) => [
            async () => {
              const from = await versions.current('acme', signal);
              await versions.switch({ tenant_id: 'acme', from, to }, signal);
            },
            () => answers.raise([{ tenant_id: 'acme', user_id: null }], signal),
          ]),
        );
        await scheduler.waitFor(Promise.all([...asked, switching.task]));
        for (const { used, degraded } of await Promise.all(asked)) {
          expect(used).toHaveLength(1);
          expect(degraded).toEqual([]);
          seen.add(used[0] as string);
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(seen).toEqual(new Set([usual.id, other.id]));
});
