import { LEAST_TEXTS } from '#backing/embedder/learnt/learn.ts';
import type { Question } from './past-question.ts';

/** A question, how many events are seen before it is asked, and what is learnt of them first. */
export type Step = {
  question: Question;
  fed: number;
  texts: boolean;
  patterns: boolean;
  /** Whether it is asked; else what is learnt at it is all that it is there for. */
  asked: boolean;
};

/** One of so many parts of the questions, in the order of their moments; the first is 1. */
export type Part = { part: number; of: number };

/** What is learnt is learnt when a tenant is so large, and again when it has grown by so much; the same from the same. */
const TEXTS_GROWTH = 2;
/** How often patterns are learnt: when there is so much more, as a share, and so many events more at least. */
export type Relearning = { growth: number; fewest_new: number };
/** A large past learnt as often as an origin does, every ten minutes of it, would be learnt many thousand times. */
const SELDOM: Relearning = { growth: 1.35, fewest_new: 500 };

/** The steps through a past: events and questions in the order of their moments, nothing seen from a question's moment on. */
export function stepsOf(
  events: readonly { occurred_at: string }[],
  questions: readonly Question[],
  { growth, fewest_new }: Relearning = SELDOM,
): Step[] {
  let [fed, textsAt, patternsAt] = [0, LEAST_TEXTS, 0];
  return questions.map((question) => {
    while (fed < events.length && (events[fed] as { occurred_at: string }).occurred_at < question.moment)
      fed++;
    const texts = fed >= textsAt;
    if (texts) textsAt = fed * TEXTS_GROWTH;
    // Of other vectors, patterns are others.
    const patterns = texts || fed >= patternsAt;
    if (patterns) patternsAt = Math.max(fed * growth, fed + fewest_new);
    return { question, fed, texts, patterns, asked: true };
  });
}

/** From which to before which of so many questions a part goes. */
export function boundsOf(count: number, { part, of }: Part): [from: number, before: number] {
  return [Math.floor(((part - 1) * count) / of), Math.floor((part * count) / of)];
}

/**
 * The steps of a part, which answer as all steps would: before the first question it is learnt what was learnt last, of what
 * was seen then.
 */
export function partOf(steps: readonly Step[], part: Part): Step[] {
  const [from, end] = boundsOf(steps.length, part);
  const last = (what: 'texts' | 'patterns') => steps.slice(0, from).findLastIndex((step) => step[what]);
  const [texts, patterns] = [last('texts'), last('patterns')];
  const learning = [...new Set([texts, patterns])].filter((at) => at >= 0).sort((a, b) => a - b);
  return [
    ...learning.map((at) => ({
      ...(steps[at] as Step),
      ...{ texts: at === texts, patterns: at === patterns, asked: false },
    })),
    ...steps.slice(from, end),
  ];
}
