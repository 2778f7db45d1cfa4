import fc from 'fast-check';
import { expect, it } from 'vitest';
import { answeringGroups, topics } from '#contract/topics.ts';
import { deadLetters } from '../../ingest/dead-letters/ledger.ts';
import { deliver, worldWith } from './deliveries.ts';
import { histories, type Written } from './histories.ts';
import { dumpsOf, never, runToEnd } from './small-world.ts';

/** What no view can read, with the key of somebody whose events stand around it. */
const poison = fc.record({
  topic: fc.constantFrom(topics.events, topics.imports),
  key: fc.constantFrom('["acme","ann"]', '["rival","bob"]'),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 20 }).filter(([first]) => first !== 0x7b),
    fc.constantFrom('{', '{}', 'null', '[]', '{"v":0}', '{"v":1}').map((text) => Buffer.from(text)),
  ),
  at: fc.nat({ max: 79 }),
});
const PATIENCE_MS = 240_000;

it(
  'whatever poison stands among the records, and however those are handed over, every view is as if it had never come, and each poison is a dead letter of each view, once',
  async () => {
    const property = fc.asyncProperty(
      histories,
      fc.array(poison, { minLength: 1, maxLength: 5 }),
      fc.gen(),
      async (history, poisons, gen) => {
        const written: Written[] = [...history];
        for (const { topic, key, bytes, at } of poisons)
          written.splice(Math.min(at, written.length), 0, { topic, record: { key, value: bytes } });
        const [world, clean] = [await worldWith(written), await worldWith(history)];
        await deliver(world, world.views, gen);
        expect(await runToEnd(clean)).toEqual([]);
        const { letters } = await deadLetters(world).list(never);
        const { archive: _, catalogue, ...views } = await dumpsOf(world.stores);
        const { archive: __, catalogue: sound, ...expected } = await dumpsOf(clean.stores);
        await Promise.all([world.close(), clean.close()]);
        expect(views).toEqual(expected);
        expect(catalogue).toEqual(sound);
        expect(letters.map(({ group }) => group).sort()).toEqual(
          answeringGroups.flatMap((group) => poisons.map(() => group)).sort(),
        );
        const places = new Set(
          letters.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`),
        );
        expect(places.size).toBe(poisons.length);
      },
    );
    await fc.assert(property, { numRuns: 20 });
  },
  PATIENCE_MS,
);
