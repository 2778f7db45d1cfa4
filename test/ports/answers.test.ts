import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embeddedAnswers } from '#backing/answers/embedded.ts';
import { sameEpochs } from '#contract/epoch.ts';
import { answersContract, answerUnder } from './answers.contract.ts';

answersContract({ name: 'embedded', open: async ({ clock }) => embeddedAnswers({ clock }) });

describe('the embedded answers', () => {
  const { signal } = new AbortController();
  const NOW = Date.parse('2026-11-01T10:00:00Z');

  test('an epoch that was let go never makes an answer from before a raise hold again', async () => {
    const users = ['a', 'b', 'c', 'd', 'e'];
    const step = fc.record({
      user: fc.constantFrom(...users),
      raise: fc.boolean(),
      ms: fc.integer({ min: -5, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let now = NOW;
        const answers = embeddedAnswers({ clock: () => now, max_epochs: 2 });
        const outdated = new Map(users.map((user) => [user, [] as { user: number; tenant: number }[]]));
        for (const { user, raise, ms } of steps) {
          now += ms;
          const before = await answers.read('t', user, signal);
          if (!raise) continue;
          outdated.get(user)?.push(before);
          await answers.raise([{ tenant_id: 't', user_id: user }], signal);
          for (const one of users) {
            const epochs = await answers.read('t', one, signal);
            expect(outdated.get(one)?.some((old) => sameEpochs(old, epochs))).toBe(false);
          }
        }
      }),
    );
  });

  test('answers take no more than the bytes they may, the oldest leaving first', async () => {
    const max_bytes = 100_000;
    const answers = embeddedAnswers({ clock: () => NOW, max_bytes });
    const owner = { tenant_id: 't', user_id: 'u' };
    const epochs = await answers.read('t', 'u', signal);
    const body = 'x'.repeat(2000);
    for (let at = 0; at < 200; at++) await answers.put(owner, `${at}`, answerUnder(epochs, { body }), signal);
    const kept: number[] = [];
    for (let at = 0; at < 200; at++) if ((await answers.get(owner, `${at}`, signal)).answer) kept.push(at);
    expect(kept.length * body.length * 2).toBeLessThanOrEqual(max_bytes);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 200 - kept.length + i));
  });

  test('an answer larger than all there is room for is not kept, nor is the one it would have replaced', async () => {
    const answers = embeddedAnswers({ clock: () => NOW, max_bytes: 10_000 });
    const owner = { tenant_id: 't', user_id: 'u' };
    const epochs = await answers.read('t', 'u', signal);
    await answers.put(owner, 'key', answerUnder(epochs), signal);
    await answers.put(owner, 'key', answerUnder(epochs, { body: 'x'.repeat(10_000) }), signal);
    expect((await answers.get(owner, 'key', signal)).answer).toBeNull();
  });
});
