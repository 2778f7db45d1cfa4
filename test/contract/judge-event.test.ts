import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeEvents } from '#contract/judge-event.ts';
import { AHEAD_MS, BEHIND_MS } from '#contract/limits.ts';

const NOW_MS = Date.parse('2026-11-01T10:00:00.000Z');
const judgedAt = (now_ms: number, occurred_ms: number) =>
  judgeEvents({ caller: { subject: null }, now_ms, imported: false })({
    type: 'click',
    message_id: 'm',
    user_id: 'ann',
    campaign_id: 'c',
    occurred_at: new Date(occurred_ms).toISOString(),
  });

test('a twin is taken only while the identity of the first is remembered: later than the horizon, however the clocks differ, it is too late', () => {
  const lag = fc.integer({ min: -AHEAD_MS - 1_000, max: BEHIND_MS + 1_000 });
  const later = fc.oneof(
    fc.integer({ min: 0, max: 2 * BEHIND_MS }),
    fc.integer({ min: BEHIND_MS - 2_000, max: BEHIND_MS + AHEAD_MS + 2_000 }),
  );
  let [taken, late] = [0, 0];
  fc.assert(
    fc.property(lag, later, (lag_ms, later_ms) => {
      const occurred_ms = NOW_MS - lag_ms;
      const isTaken = judgedAt(NOW_MS, occurred_ms).event !== undefined;
      const twin = judgedAt(NOW_MS + later_ms, occurred_ms);
      if (isTaken && twin.event) taken++;
      if (isTaken && twin.refusal) {
        late++;
        expect(twin.refusal.code).toBe('too_late');
      }
      // So long has an identity to be kept: from when the first was accepted.
      if (isTaken && later_ms > BEHIND_MS + AHEAD_MS) expect(twin.event).toBeUndefined();
    }),
    {
      numRuns: 2_000,
      examples: [
        [-AHEAD_MS, BEHIND_MS + AHEAD_MS],
        [-AHEAD_MS, BEHIND_MS + AHEAD_MS + 1],
      ],
    },
  );
  expect([taken > 100, late > 100]).toEqual([true, true]);
});
