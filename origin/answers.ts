import { hash } from 'node:crypto';
import type { Answers, EpochOwner } from '#backing/answers/port.ts';
import { errorFields, type Report } from '#backing/http/report.ts';
import { orAborted } from '#backing/or-aborted.ts';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import type { Clock } from '#contract/clock.ts';
import type { DependencyTimes } from '#contract/dependency-times.ts';
import { type Epochs, sameEpochs } from '#contract/epoch.ts';
import { composite } from '#contract/ids.ts';
import { Problem } from '#contract/problem.ts';
import { ANSWER_FORMAT } from '#contract/recommendation.ts';
import { LeftAlone } from './dependencies/guard.ts';
import { type Measures, openMeasures } from './measures.ts';
import { deadline, within } from './pipeline/within.ts';
import type { Recall } from './recall.ts';
import { singleFlight } from './single-flight.ts';

/** A degraded answer lives so long: the next one may be whole again. */
const DEGRADED_MS = 5_000;
/** How long the cache may take to be asked, or to be told; to be asked, at most such a share of an answer's time. */
const [CACHE_MS, CACHE_SHARE] = [100, 0.25];
/** How long the making of an answer may take: two rounds of hydrators and one of sources, each as long as can be configured. */
const MAKE_MS = 15_000;
/** Of the time that the edge gives, what the making may use: the rest is for the way there and back. */
const MAKE_SHARE = 0.9;
/** When to ask again where too many answers are being made. */
const RETRY_S = 1;

/** What was made: the content, when it ends by itself, and what it was made without. */
export type Made<Content extends object = object> = {
  content: Content;
  until_ms: number;
  degraded: readonly string[];
};

/** The ETag of a body. */
export function etagOf(body: string): string {
  return `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
}

/**
 * `known` is false where the epochs could not be read, so that nobody may keep the answer. `waited` has the longest that
 * any stage waited for each dependency.
 */
export type Given = { answer: Answer; cached: boolean; known: boolean; waited: DependencyTimes };

/** Whoever asks: aborted when they have no time left, or left; and how long they give (ms). */
export type Asking = { signal: AbortSignal; deadline_ms: number };

/** What is told of a question that is to be answered anew. */
type Making = {
  tenant_id: string;
  epochs: Epochs;
  signal: AbortSignal;
  /** When an answer is due, and until when one is waited for without which there is none (ms from now). */
  budget_ms: number;
  latest_ms: number;
  waited(dependency: string, took_ms: number): void;
};

/**
 * Answers under epochs: the one kept where its epochs still hold, else one made anew, once for all who ask the
 * same under the same epochs, and kept under the epochs that were read before it was begun. While the cache cannot
 * be asked, epochs count as unknown: answers are made anew, and kept nowhere. So many are made at once; of more, each
 * is refused with an `overloaded` problem before it is begun, since it would only wait. An answer is put together
 * within `answer_ms` of what is there by then; what tells the cache goes on behind it.
 */
export function openAnswers(options: {
  answers: Pick<Answers, 'get' | 'put'>;
  clock: Clock;
  at_once: number;
  answer_ms: number;
  report: Report;
  measures?: Measures | undefined;
  /** Told when an answer begins to be made, and when that has ended. */
  making?: Pick<Recall, 'begun' | 'ended'> | undefined;
}) {
  const { answers, clock, at_once, answer_ms, report, measures = openMeasures() } = options;
  const flight = singleFlight<{ made: Answer; waited: DependencyTimes }>();
  let making = 0;
  const failed = (error: unknown) => {
    if (error instanceof LeftAlone) return;
    report({ level: 'warn', message: 'the answer cache failed', error: errorFields(error) });
  };

  function answerOf({ content, until_ms, degraded }: Made, epochs: Epochs, created_ms: number): Answer {
    const body = JSON.stringify(content);
    const longest_ms = degraded.length ? DEGRADED_MS : LONGEST_MS;
    return {
      format: ANSWER_FORMAT,
      body,
      etag: etagOf(body),
      epochs,
      created_ms,
      until_ms: Math.min(until_ms, created_ms + longest_ms),
      degraded: [...degraded],
    };
  }

  /** Counts an answer that is being made. Throws where there are too many. */
  function enter(): void {
    if (making >= at_once) {
      measures.came('shed');
      throw new Problem('overloaded', `Too many answers are being made; ask again in ${RETRY_S} s`, {
        headers: { 'Retry-After': String(RETRY_S) },
      });
    }
    making++;
    options.making?.begun();
  }

  return {
    async give(
      owner: EpochOwner,
      key: string,
      make: (about: Making) => Promise<Made>,
      { signal, deadline_ms }: Asking,
    ): Promise<Given> {
      const asked_ms = clock();
      const latest_ms = asked_ms + deadline_ms * MAKE_SHARE;
      const due_ms = Math.min(latest_ms, asked_ms + answer_ms);
      const cache_ms = Math.max(1, Math.ceil(Math.min(CACHE_MS, (due_ms - asked_ms) * CACHE_SHARE)));
      const begun_ms = performance.now();
      const known = await within(cache_ms, null, (soon) => answers.get(owner, key, soon)).catch((error) => {
        failed(error);
        return null;
      });
      const looked_ms = performance.now() - begun_ms;
      if (known?.answer && sameEpochs(known.answer.epochs, known.epochs)) {
        measures.came('kept');
        return { answer: known.answer, cached: true, known: true, waited: new Map([['answers', looked_ms]]) };
      }
      if (!known) measures.degraded(['answers']);
      const epochs = known?.epochs ?? { user: 0, tenant: 0 };
      let shared = true;
      const flown = flight(composite(key, epochs.user, epochs.tenant), async () => {
        shared = false;
        enter();
        const { signal, end } = deadline(MAKE_MS, null);
        try {
          const created_ms = clock();
          const waited = new Map<string, number>();
          const told = (dependency: string, took_ms: number) =>
            waited.set(dependency, Math.max(took_ms, waited.get(dependency) ?? 0));
          const times = { budget_ms: due_ms - created_ms, latest_ms: latest_ms - created_ms };
          const made = answerOf(
            await make({ tenant_id: owner.tenant_id, epochs, signal, ...times, waited: told }),
            epochs,
            created_ms,
          );
          if (known) {
            const put = within(CACHE_MS, null, (soon) => answers.put(owner, key, made, soon)).catch(failed);
            await within(Math.max(1, due_ms - clock()), null, () => put).catch(() => {});
          }
          measures.came('made');
          return { made, waited };
        } finally {
          end();
          making--;
          options.making?.ended();
        }
      });
      if (shared) measures.came('shared');
      const { made, waited } = await orAborted(flown, signal);
      return {
        ...{ answer: made, cached: false, known: known !== null },
        waited: new Map([['answers', looked_ms], ...waited]),
      };
    },
  };
}
