import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partOf, type Step, stepsOf } from '../../../infra/local/quality/steps.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();

/** Events a minute apart, and questions at some of these minutes. */
const stepsArb = fc
  .tuple(
    fc.integer({ min: 0, max: 30_000 }),
    fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 40 }),
  )
  .map(([count, minutes]) => {
    const events = Array.from({ length: count }, (_, i) => ({ occurred_at: at(i) }));
    const questions = minutes.sort((a, b) => a - b).map((m, i) => ({ user_id: `u-${i}`, moment: at(m) }));
    return { events, questions, steps: stepsOf(events, questions) };
  });

/** What each question is answered by: what was seen, and of how much was learnt. */
function answeredBy(steps: readonly Step[]) {
  let [texts, patterns, byTexts] = [0, 0, 0];
  return steps.flatMap(({ question, fed, asked, ...learnt }) => {
    if (learnt.texts) texts = fed;
    if (learnt.patterns) [patterns, byTexts] = [fed, texts];
    return asked ? [{ question, fed, texts, patterns, byTexts }] : [];
  });
}

test('before a question all is seen that came before its moment, and nothing from then on', () => {
  fc.assert(
    fc.property(stepsArb, ({ events, steps }) => {
      for (const { fed, question } of steps) {
        expect(fed).toBe(events.filter(({ occurred_at }) => occurred_at < question.moment).length);
      }
    }),
    { numRuns: 20 },
  );
});

test('in whichever parts questions are asked, each is answered by what was seen and learnt as if all were asked', () => {
  fc.assert(
    fc.property(stepsArb, fc.integer({ min: 1, max: 7 }), ({ steps }, of) => {
      const parts = Array.from({ length: of }, (_, i) => partOf(steps, { part: i + 1, of }));
      expect(parts.flatMap(answeredBy)).toEqual(answeredBy(steps));
      for (const part of parts) {
        const fed = part.map((step) => step.fed);
        expect(fed).toEqual(fed.toSorted((a, b) => a - b));
        expect(part.filter(({ asked }) => !asked).length).toBeLessThanOrEqual(2);
      }
    }),
    { numRuns: 100 },
  );
});
