import { hash } from 'node:crypto';
import type { Answers, EpochOwner } from '#backing/answers/port.ts';
import { errorFields, type Report } from '#backing/http/report.ts';
import { orAborted } from '#backing/or-aborted.ts';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import { type Epochs, sameEpochs } from '#contract/epoch.ts';
import { composite } from '#contract/ids.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';
import { singleFlight } from './single-flight.ts';

/** A degraded answer lives so long: the next one may be whole again. */
const DEGRADED_MS = 5_000;
/** How long the cache may take to be asked, or to be told. */
const CACHE_MS = 100;
/** How long the making of an answer may take: two rounds of hydrators and one of sources, each as long as can be configured. */
const MAKE_MS = 15_000;

/** What was made: the content, when it ends by itself, and what it was made without. */
export type Made<Content extends object = object> = {
  content: Content;
  until_ms: number;
  degraded: readonly string[];
};

/** `known` is false where the epochs could not be read, so that nobody may keep the answer. */
export type Given = { answer: Answer; cached: boolean; known: boolean };

/**
 * Answers under epochs: the one kept where its epochs still hold, else one made anew, once for all who ask the
 * same under the same epochs, and kept under the epochs that were read before it was begun. While the cache cannot
 * be asked, epochs count as unknown: answers are made anew, and kept nowhere.
 */
export function openAnswers({ answers, clock, report }: { answers: Answers; clock: Clock; report: Report }) {
  const flight = singleFlight<Answer>();
  const failed = (error: unknown) => {
    report({ level: 'warn', message: 'the answer cache failed', error: errorFields(error) });
  };

  function answerOf({ content, until_ms, degraded }: Made, epochs: Epochs, created_ms: number): Answer {
    const body = JSON.stringify(content);
    const longest_ms = degraded.length ? DEGRADED_MS : LONGEST_MS;
    return {
      format: ANSWER_FORMAT,
      body,
      etag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"`,
      epochs,
      created_ms,
      until_ms: Math.min(until_ms, created_ms + longest_ms),
      degraded: [...degraded],
    };
  }

  return {
    async give(
      owner: EpochOwner,
      key: string,
      make: (about: { tenant_id: string; epochs: Epochs; signal: AbortSignal }) => Promise<Made>,
      signal: AbortSignal,
    ): Promise<Given> {
      const known = await answers.get(owner, key, AbortSignal.timeout(CACHE_MS)).catch((error) => {
        failed(error);
        return null;
      });
      if (known?.answer && sameEpochs(known.answer.epochs, known.epochs))
        return { answer: known.answer, cached: true, known: true };
      const epochs = known?.epochs ?? { user: 0, tenant: 0 };
      const flown = flight(composite(key, epochs.user, epochs.tenant), async () => {
        const created_ms = clock();
        const about = { tenant_id: owner.tenant_id, epochs, signal: AbortSignal.timeout(MAKE_MS) };
        const made = answerOf(await make(about), epochs, created_ms);
        if (known) await answers.put(owner, key, made, AbortSignal.timeout(CACHE_MS)).catch(failed);
        return made;
      });
      return { answer: await orAborted(flown, signal), cached: false, known: known !== null };
    },
  };
}
