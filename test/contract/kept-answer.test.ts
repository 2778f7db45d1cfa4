import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from '#contract/answer.ts';
import { answerKey, hashedAnswerKey, packAnswer, readEpochs, unpackAnswer } from '#contract/kept-answer.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';

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

const answer: Answer = {
  format: ANSWER_FORMAT,
  epochs: { user: 3, tenant: 4 },
  created_ms: 10,
  until_ms: 20,
  degraded: [],
  body: '{"items":[]}',
  etag: '"e"',
};

test('an answer comes back as it was, whatever stands in it', () => {
  const any = fc.record({
    degraded: fc.array(fc.string({ unit: 'binary' })),
    body: fc.string({ unit: 'binary' }),
    etag: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(any, (some) => {
      const kept = { ...answer, ...some };
      expect(unpackAnswer(packAnswer(kept), ANSWER_FORMAT, 19)).toEqual(kept);
    }),
  );
});

test('what has ended, is of another format, or is not as answers are written is none', () => {
  const text = packAnswer(answer);
  expect(text).toMatch(/^g 3 4 20\n/);
  expect(packAnswer({ ...answer, degraded: ['graph'] })).toMatch(/^d 3 4 20\n/);
  expect(unpackAnswer(null, ANSWER_FORMAT, 19)).toBeNull();
  expect(unpackAnswer(text, ANSWER_FORMAT, 20)).toBeNull();
  expect(unpackAnswer(text, ANSWER_FORMAT + 1, 19)).toBeNull();
  expect(unpackAnswer(text.replace('"created_ms":10', '"created_ms":"10"'), ANSWER_FORMAT, 19)).toBeNull();
  // As builds of before wrote it, all of it in one JSON.
  expect(unpackAnswer(`g 3 4 20\n${JSON.stringify(answer)}`, ANSWER_FORMAT, 19)).toBeNull();
  for (let end = 0; end < text.indexOf('{"items'); end++)
    expect(unpackAnswer(text.slice(0, end), ANSWER_FORMAT, 19)).toBeNull();
});
