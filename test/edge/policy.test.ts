import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import { Problem } from '#contract/problem.ts';
import { answerCache } from '../../edge/cache/answers.ts';
import { answerMemory } from '../../edge/cache/memory.ts';
import {
  ageOf,
  arrived,
  type Entry,
  FRESH_MS,
  judged,
  mayStandIn,
  preferred,
  SERVABLE_MS,
  stepOf,
  ttlOf,
} from '../../edge/cache/policy.ts';
import type { Reply } from '../../edge/origin.ts';

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

/** A small world with a clock of its own, an origin and an epoch reader that can fail, and one question. */
function world() {
  const state = {
    now_ms: NOW,
    epoch: 1,
    changes: new Map([[1, NOW]]),
    originUp: true,
    epochsUp: true,
    degrade: false,
  };
  const behind: Promise<unknown>[] = [];
  const cache = answerCache({
    memory: answerMemory(),
    clock: () => state.now_ms,
    log: () => {},
    epochs: {
      read: async () => {
        if (!state.epochsUp) throw new Problem('unavailable', 'no epochs');
        return { user: state.epoch, tenant: 1 };
      },
    },
  });
  const load = async (): Promise<Reply> => {
    if (!state.originUp) throw new Problem('unavailable', 'no origin');
    const answer = answerOf({
      epochs: { user: state.epoch, tenant: 1 },
      created_ms: state.now_ms,
      until_ms: state.now_ms + (state.degrade ? 5_000 : LONGEST_MS),
      degraded: state.degrade ? ['vectors'] : [],
    });
    return { kind: 'answer', body: answer.body, etag: answer.etag, answer };
  };
  const subject = { key: 'k', tenant_id: 't', user_id: 'u' };
  return {
    state,
    async read() {
      const options = { waitUntil: (work: Promise<unknown>) => void behind.push(work), budget_ms: 800 };
      const served = await cache.answer(subject, load, options).catch((error) => {
        if (error instanceof Problem) return null;
        throw error;
      });
      await Promise.all(behind.splice(0));
      return served;
    },
  };
}

type Step =
  | { does: 'read' }
  | { does: 'wait'; ms: number }
  | { does: 'change' }
  | { does: 'origin' | 'epochs' | 'degrade'; is: boolean };

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ does: 'read' }) },
  {
    weight: 4,
    arbitrary: fc.record<Step & { does: 'wait' }>({
      does: fc.constant('wait'),
      ms: fc.oneof(
        fc.constantFrom(1, 4_999, 5_000, 5_001, 59_999, 60_000, LONGEST_MS),
        fc.integer({ min: 0, max: 90_000 }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ does: 'change' }) },
  {
    weight: 1,
    arbitrary: fc.record<Step & { does: 'origin' }>({
      does: fc.constantFrom('origin', 'epochs', 'degrade') as fc.Arbitrary<'origin'>,
      is: fc.boolean(),
    }),
  },
);

/**
 * Runs the steps and holds every answer to its bound. While epochs can be read, one that is outdated by 5 s
 * or more is read at most once, and one outdated by 60 s never; at any time, such a one is served only while
 * the origin fails, and says so.
 */
async function run(steps: readonly Step[], { readable }: { readable: boolean }) {
  const { state, read } = world();
  const seenOutdated = new Set<number>();
  for (const step of steps) {
    if (step.does === 'wait') state.now_ms += step.ms;
    else if (step.does === 'change') state.changes.set(++state.epoch, state.now_ms);
    else if (step.does === 'origin') state.originUp = step.is;
    else if (step.does === 'epochs') state.epochsUp = step.is || readable;
    else if (step.does === 'degrade') state.degrade = step.is;
    if (step.does !== 'read') continue;
    const served = await read();
    if (!served?.entry) {
      expect(state.originUp).toBe(false);
      continue;
    }
    const { answer } = served.entry;
    expect(state.now_ms - answer.created_ms).toBeLessThan(LONGEST_MS);
    if (answer.degraded.length > 0) expect(state.now_ms).toBeLessThan(answer.until_ms);
    if (served.how === 'stale') {
      expect(state.originUp).toBe(false);
      continue;
    }
    expect(state.now_ms).toBeLessThan(answer.until_ms);
    const outdated_ms = state.now_ms - (state.changes.get(answer.epochs.user + 1) ?? state.now_ms);
    expect(outdated_ms).toBeLessThan(SERVABLE_MS);
    if (readable && outdated_ms >= FRESH_MS) {
      expect(seenOutdated.has(answer.epochs.user)).toBe(false);
      seenOutdated.add(answer.epochs.user);
    }
  }
}

describe('whatever happens in whatever order', () => {
  test('no answer is served past its bound while epochs can be read', async () => {
    const steps = fc.array(stepArb, { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, (list) => run(list, { readable: true })),
      { numRuns: 1000 },
    );
  });

  test('no answer is served that was not known to hold within the last minute, unless the origin fails', async () => {
    const steps = fc.array(stepArb, { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, (list) => run(list, { readable: false })),
      { numRuns: 1000 },
    );
  });
});
