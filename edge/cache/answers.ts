import type { Clock } from '#contract/clock.ts';
import type { EpochReader, Epochs } from '#contract/epoch.ts';
import { asProblem, Problem } from '#contract/problem.ts';
import { type Log, traceOf } from '../log.ts';
import type { Reply } from '../origin.ts';
import { flights } from './flights.ts';
import type { Memory } from './memory.ts';
import { arrived, type Entry, judged, mayStandIn, preferred, stepOf } from './policy.ts';

/** Past the deadline of what it waits for, a request waits so much longer for news of it. */
const GRACE_MS = 100;

/** What an answer is kept under, and whose epochs it rests on: a person's and their tenant's, or the tenant's alone. */
type Subject = { key: string; tenant_id: string; user_id: string | null };

/** How an answer came about, and what that took. */
export type Served = {
  /**
   * - `hit`: kept, and not asked about;
   * - `validated`: kept, and its epochs are as they were;
   * - `stored`: had from the origin, in place of none or, where `replaced`, of one that would not do;
   * - `stale`: kept, and served since the origin fails;
   * - `passed`: what the origin said, not for keeping.
   */
  how: 'hit' | 'validated' | 'stored' | 'stale' | 'passed';
  entry: Entry | null;
  reply: Reply | null;
  /** True where something was kept, and had to be asked about. */
  replaced: boolean;
  collapsed: boolean;
  epochs_ms: number;
  origin_ms: number;
};

type Outcome = Pick<Served, 'how' | 'entry' | 'reply' | 'replaced' | 'epochs_ms' | 'origin_ms'> & {
  problem: Problem | null;
};

export type AnswerCache = {
  /**
   * Answers a question from memory as the policy allows, else by `load`, which is given the ms it has left.
   * Equal questions at once are one. Throws what `load` throws where no answer can stand in.
   */
  answer(
    subject: Subject,
    load: (left_ms: number) => Promise<Reply>,
    options: { waitUntil: (work: Promise<unknown>) => void; budget_ms: number },
  ): Promise<Served>;
};

const HIT = {
  how: 'hit',
  reply: null,
  replaced: false,
  collapsed: false,
  epochs_ms: 0,
  origin_ms: 0,
} as const;

export function answerCache({
  memory,
  epochs,
  clock,
  log,
}: {
  memory: Memory;
  epochs: EpochReader;
  clock: Clock;
  log: Log;
}): AnswerCache {
  const under_way = flights<Outcome>();

  async function readEpochs({ tenant_id, user_id }: Subject, left_ms: number): Promise<Epochs | null> {
    try {
      return await epochs.read(tenant_id, user_id, AbortSignal.timeout(left_ms));
    } catch {
      log({ level: 'warn', event: 'epochs_unknown' });
      return null;
    }
  }

  /** Validates what is kept, and asks the origin where that does not help. Never rejects. */
  async function refresh(
    subject: Subject,
    load: (left_ms: number) => Promise<Reply>,
    ends_ms: number,
  ): Promise<Outcome> {
    const { key } = subject;
    const begun_ms = clock();
    const kept = memory.get(key);
    const told = {
      entry: null,
      reply: null,
      problem: null,
      replaced: kept !== undefined,
      epochs_ms: 0,
      origin_ms: 0,
    };
    if (kept && stepOf(kept, begun_ms) !== 'ask') {
      const now = await readEpochs(subject, ends_ms - begun_ms);
      told.epochs_ms = clock() - begun_ms;
      if (now) {
        const { holds, ...entry } = judged(kept, now, begun_ms);
        if (memory.get(key) === kept) memory.set(key, entry);
        if (holds) return { ...told, how: 'validated', entry };
      }
    }
    const asked_ms = clock();
    try {
      const reply = await load(ends_ms - asked_ms);
      const now_ms = clock();
      told.origin_ms = now_ms - asked_ms;
      if (reply.kind === 'answer' && reply.answer) {
        const entry = preferred(memory.get(key), arrived(reply.answer, asked_ms, now_ms), now_ms);
        memory.set(key, entry);
        return { ...told, how: 'stored', entry };
      }
      if (reply.kind === 'problem' && reply.status < 500) memory.delete(key);
      return { ...told, how: 'passed', reply };
    } catch (error) {
      // Nobody may be waiting for it, so a fault of our own is told here.
      if (!(error instanceof Problem)) log({ level: 'error', event: 'unexpected', ...traceOf(error) });
      return { ...told, how: 'passed', origin_ms: clock() - asked_ms, problem: asProblem(error) };
    }
  }

  return {
    async answer(subject, load, { waitUntil, budget_ms }) {
      const { key } = subject;
      const now_ms = clock();
      const kept = memory.get(key);
      const step = kept ? stepOf(kept, now_ms) : 'ask';
      const options = { waitUntil, patience_ms: budget_ms + GRACE_MS };
      const begin = () => refresh(subject, load, clock() + budget_ms);
      if (kept && (step === 'serve' || step === 'serve_and_validate')) {
        if (step === 'serve_and_validate' && !under_way.has(key)) void under_way.share(key, begin, options);
        return { ...HIT, entry: kept };
      }
      const { value, joined } = await under_way.share(key, begin, options);
      const { problem, ...outcome } = value;
      const failed = problem !== null || (outcome.reply?.kind === 'problem' && outcome.reply.status >= 500);
      const standin = failed ? memory.get(key) : undefined;
      if (standin && mayStandIn(standin, clock())) {
        return { ...outcome, how: 'stale', entry: standin, reply: null, collapsed: joined };
      }
      if (problem) throw problem;
      return { ...outcome, collapsed: joined };
    },
  };
}
