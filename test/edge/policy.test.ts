import { describe, expect, test } from 'vitest';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import {
  ageOf,
  arrived,
  type Entry,
  FRESH_MS,
  judged,
  mayStandIn,
  outdated,
  preferred,
  SERVABLE_MS,
  stepOf,
  tellsMore,
  ttlOf,
} from '../../edge/cache/policy.ts';

const NOW = 1_800_000_000_000;

function answerOf(told: Partial<Answer> = {}): Answer {
  const epochs = { user: 1, tenant: 1 };
  const until_ms = NOW + LONGEST_MS;
  return { format: 1, body: '{}', etag: '"e"', epochs, created_ms: NOW, until_ms, degraded: [], ...told };
}

const entryOf = (told: Partial<Answer> = {}, validated_ms = NOW): Entry => ({
  answer: answerOf(told),
  validated_ms,
});
const degraded = (told: Partial<Answer> = {}) =>
  entryOf({ degraded: ['vectors'], until_ms: NOW + 5_000, ...told });

describe('what is done with a kept answer goes by the time since it was validated', () => {
  test.each([
    [0, 'serve'],
    [FRESH_MS - 1, 'serve'],
    [FRESH_MS, 'serve_and_validate'],
    [SERVABLE_MS - 1, 'serve_and_validate'],
    [SERVABLE_MS, 'validate'],
    [LONGEST_MS - 1, 'validate'],
    [LONGEST_MS, 'ask'],
    [-1, 'validate'],
  ])('after %d ms: %s', (age_ms, step) => {
    expect(stepOf(entryOf(), NOW + age_ms)).toBe(step);
  });

  test('or up to a fifth sooner, by chance, so that what came together does not leave together', () => {
    const at = (age_ms: number, early: number) => stepOf(entryOf(), NOW + age_ms, early);
    expect([at(3_999, 1), at(4_000, 1), at(4_499, 0.5), at(4_500, 0.5)]).toEqual([
      'serve',
      'serve_and_validate',
      'serve',
      'serve_and_validate',
    ]);
    expect([at(47_999, 1), at(48_000, 1), at(FRESH_MS, 0), at(SERVABLE_MS, 0)]).toEqual([
      'serve_and_validate',
      'validate',
      'serve_and_validate',
      'validate',
    ]);
  });

  test('one that has ended is asked for anew, however lately it was validated', () => {
    expect(stepOf(entryOf({ until_ms: NOW + 1 }), NOW)).toBe('serve');
    expect(stepOf(entryOf({ until_ms: NOW }), NOW)).toBe('ask');
  });
});

describe('epochs', () => {
  test('that are as they were make an answer valid anew, from when they were asked for', () => {
    expect(judged(entryOf(), { user: 1, tenant: 1 }, NOW + 9)).toMatchObject({
      holds: true,
      validated_ms: NOW + 9,
    });
  });

  test.each([
    { user: 2, tenant: 1 },
    { user: 1, tenant: 2 },
    { user: 0, tenant: 1 },
  ])('that differ leave it outdated for good: %o', (epochs) => {
    const entry = judged(entryOf(), epochs, NOW);
    expect(entry.holds).toBe(false);
    expect(stepOf(entry, NOW)).toBe('validate');
  });
});

describe('while the origin fails', () => {
  test('a good answer stands in for 15 minutes after it was made, though it has ended or is outdated', () => {
    const entry = { ...entryOf({ until_ms: NOW + 1 }), validated_ms: Number.NEGATIVE_INFINITY };
    expect(mayStandIn(entry, NOW + LONGEST_MS - 1)).toBe(true);
    expect(mayStandIn(entry, NOW + LONGEST_MS)).toBe(false);
  });

  test('a degraded one does so no longer than it lives', () => {
    expect(mayStandIn(degraded(), NOW + 4_999)).toBe(true);
    expect(mayStandIn(degraded(), NOW + 5_000)).toBe(false);
  });
});

describe('of what is kept and what has come', () => {
  test('the fresh one is preferred', () => {
    const fresh = entryOf({ epochs: { user: 2, tenant: 1 } });
    expect(preferred(undefined, fresh, NOW)).toBe(fresh);
    expect(preferred(entryOf({}, NOW - 1), fresh, NOW)).toBe(fresh);
    expect(preferred(degraded(), fresh, NOW)).toBe(fresh);
  });

  test('a degraded one gives way to a good one under the same epochs, which is thereby valid anew', () => {
    const kept = entryOf({}, NOW - 70_000);
    expect(preferred(kept, degraded(), NOW)).toEqual({ answer: kept.answer, validated_ms: NOW });
  });

  test('a degraded one replaces a good one that has ended or is outdated, and another degraded one', () => {
    const fresh = degraded();
    expect(preferred(entryOf({ until_ms: NOW }, NOW - 9), fresh, NOW)).toBe(fresh);
    expect(preferred(entryOf({ epochs: { user: 0, tenant: 1 } }, NOW - 9), fresh, NOW)).toBe(fresh);
    expect(preferred(degraded({ body: 'older' }), fresh, NOW)).toBe(fresh);
  });

  test('what was asked for before the kept one was validated does not replace it', () => {
    const kept = entryOf({ epochs: { user: 2, tenant: 1 } }, NOW + 10);
    expect(preferred(kept, entryOf(), NOW + 20)).toBe(kept);
  });

  test('of two that were asked for together the one that was made later is preferred, unless it is degraded', () => {
    const newer = { epochs: { user: 2, tenant: 1 }, created_ms: NOW + 5 };
    const kept = entryOf(newer);
    expect(preferred(kept, entryOf(), NOW + 20)).toBe(kept);
    expect(preferred(entryOf(), kept, NOW + 20)).toBe(kept);
    const good = entryOf();
    expect(preferred(degraded(newer), good, NOW + 20)).toBe(good);
  });
});

describe('what another isolate has kept', () => {
  test('tells more where it was known to hold at a later time, or nothing is kept here', () => {
    expect(tellsMore(entryOf(), undefined)).toBe(true);
    expect(tellsMore(entryOf({}, NOW), entryOf({}, NOW - 1))).toBe(true);
    expect(tellsMore(entryOf({}, NOW), entryOf({}, NOW))).toBe(false);
  });

  test('makes nothing fresh again that is known here to be outdated', () => {
    expect(tellsMore(entryOf({}, NOW), outdated(entryOf()))).toBe(false);
  });
});

test("another machine's clock lengthens no answer's life", () => {
  const { answer } = arrived(answerOf({ created_ms: NOW + 60_000, until_ms: NOW + 9e9 }), NOW - 5, NOW);
  expect([answer.created_ms, answer.until_ms]).toEqual([NOW, NOW + LONGEST_MS]);
});

test('age counts from the last validation, or the making of what is outdated; ttl to when it is asked about first', () => {
  expect(ageOf(entryOf({ created_ms: NOW - 9_000 }, NOW - 2_500), NOW)).toBe(2);
  expect(ageOf(entryOf({ created_ms: NOW - 9_000 }, Number.NEGATIVE_INFINITY), NOW)).toBe(9);
  expect(ageOf(entryOf({}, NOW + 5), NOW)).toBe(0);
  expect(ttlOf(entryOf(), NOW + 48_000)).toBe(12);
  expect(ttlOf(entryOf({ until_ms: NOW + 3_000 }), NOW)).toBe(3);
  expect(ttlOf(entryOf(), NOW + 61_000)).toBe(-1);
});
