import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerKey, hashedAnswerKey, readEpochs } from '#contract/kept-answer.ts';

test('an answer stands in one place, whichever tier hashes its key', async () => {
  const property = fc.asyncProperty(fc.string({ unit: 'binary' }), async (key) => {
    expect(hashedAnswerKey(hash('sha256', key, 'base64url'))).toBe(await answerKey(key));
  });
  await fc.assert(property);
});

test('no epoch reads below the floor, whatever the store holds', () => {
  expect(readEpochs(null, null, 7, false)).toEqual({ user: 7, tenant: 7 });
  expect(readEpochs('5', '6', 7, false)).toEqual({ user: 7, tenant: 7 });
  expect(readEpochs('8', '9', 7, false)).toEqual({ user: 8, tenant: 9 });
  expect(readEpochs('8', '9', 7, true)).toEqual({ user: 0, tenant: 9 });
});
