import type { Clock } from '#contract/clock.ts';
import { type EpochReader, sameEpochs } from '#contract/epoch.ts';
import { composite } from '#contract/ids.ts';
import { asProblem, Problem } from '#contract/problem.ts';
import { type Log, traceOf } from '../log.ts';
import { isFailure, type Reply } from '../origin.ts';
import type { Colo } from './colo.ts';
import { flights } from './flights.ts';
import { redisHedge } from './hedge.ts';
import { knowing } from './known.ts';
import type { Memory } from './memory.ts';
import {
  arrived,
  type Entry,
  isOutdated,
  judged,
  mayStandIn,
  outdated,
  preferred,
  stepOf,
  tellsMore,
} from './policy.ts';
import type { RedisTier } from './redis.ts';
import type { Refusals } from './refusals.ts';
import type { Subject } from './subject.ts';

/** Past the deadline of what it waits for, a request waits so much longer for news of it. */
const GRACE_MS = 100;

/** Where a kept answer was found, nearest first. */
type Tier = 'memory' | 'colo' | 'redis';

/** How an answer came about, and what that took. */
export type Served = {
  /**
   * - `hit`: kept in a tier, and known to hold;
   * - `validated`: kept, and its epochs are as they were;
   * - `stored`: had from the origin, in place of none or, where `replaced`, of one that would not do;
   * - `renewed`: what the origin said, whatever was kept; `entry` where it is for keeping;
   * - `stale`: kept, and served since the origin fails;
   * - `passed`: what the origin said, not for keeping.
   */
  how: 'hit' | 'validated' | 'stored' | 'renewed' | 'stale' | 'passed';
  tier: Tier;
  entry: Entry | null;
  reply: Reply | null;
  /** True where something was kept, and had to be asked about. */
  replaced: boolean;
  collapsed: boolean;
  /** What the tiers behind the memory took, and what the origin did. */
  cache_ms: number;
  origin_ms: number;
  /** What the origin says that it waited for. */
  times: readonly string[];
};

type Outcome = Omit<Served, 'collapsed'> & { problem: Problem | null };

type WaitUntil = (work: Promise<unknown>) => void;
type Load = (left_ms: number) => Promise<Reply>;
type Options = { waitUntil: WaitUntil; budget_ms: number };

export type AnswerCache = {
  /** The answer in memory, where it may be served at once; it is validated behind where that is due. Null else. */
  held(subject: Subject, load: Load, options: Options): Served | null;
  /**
   * Answers a question from the nearest tier that may, else by `load`, which is given the ms it has left.
   * Equal questions at once are one. Throws what `load` throws where no answer can stand in.
   */
  answer(subject: Subject, load: Load, options: Options): Promise<Served>;
  /** Answers by `load` alone, for whoever needs more than what is kept; what it says is kept. Throws what `load` throws. */
  renew(subject: Subject, load: Load, options: Options): Promise<Served>;
};

const HIT = { how: 'hit', reply: null, replaced: false, cache_ms: 0, origin_ms: 0, times: [] } as const;

export function answerCache({
  memory,
  refusals,
  colo,
  redis,
  epochs,
  clock,
  random,
  log,
}: {
  memory: Memory;
  refusals: Refusals;
  /** Null where there is none: on a local machine, or a domain without a cache. */
  colo: Colo | null;
  /** Null where none is configured: then epochs are asked of the origin. */
  redis: RedisTier | null;
  epochs: EpochReader;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  log: Log;
}): AnswerCache {
  const under_way = flights<Outcome>();
  const hedge = redisHedge(clock);
  const { askRedis, askEpochs } = knowing({ redis, epochs, log });

  function keep({ key, tenant_id, user_id }: Subject, entry: Entry) {
    memory.set(key, entry, user_id === null ? null : composite(tenant_id, user_id));
  }

  /**
   * Looks in the tiers behind the memory; gives what may be served, and leaves in memory what may stand in. `beside` is called
   * where Redis is silent.
   */
  async function find(
    subject: Subject,
    behind: WaitUntil,
    ends_ms: number,
    beside: (() => void) | null,
  ): Promise<Outcome | null> {
    const { key } = subject;
    const begun_ms = clock();
    let kept = memory.get(key);
    let step = kept ? stepOf(kept, begun_ms) : 'ask';
    const found = (how: 'hit' | 'validated', tier: Tier, entry: Entry): Outcome => ({
      ...HIT,
      how,
      tier,
      entry,
      problem: null,
      cache_ms: clock() - begun_ms,
    });

    const outlived = step === 'ask' || step === 'validate';
    if (colo && outlived && !(kept && isOutdated(kept))) {
      const shared = await colo.get(subject);
      if (shared && tellsMore(shared, memory.get(key))) {
        keep(subject, shared);
        [kept, step] = [shared, stepOf(shared, clock(), random())];
        if (step === 'serve' || step === 'serve_and_validate') return found('hit', 'colo', shared);
      }
    }

    const asked_ms = clock();
    const may_hold = kept !== undefined && step !== 'ask' && !isOutdated(kept);
    const known =
      (await hedge.heard(askRedis(subject), { beside, may_hold })) ??
      (kept && step !== 'ask' ? await askEpochs(subject, ends_ms - clock()) : null);
    if (!known) return null;
    const now_ms = clock();
    if (kept && step !== 'ask') {
      const { holds, ...entry } = judged(kept, known.epochs, asked_ms);
      const newest = memory.get(key);
      if (newest === kept) keep(subject, entry);
      if (holds && now_ms < entry.answer.until_ms) {
        if (colo && (!newest || newest === kept)) behind(colo.put(subject, entry));
        if (redis && known.from === 'redis' && !known.answer) {
          behind(
            redis.restore(subject, entry.answer).catch(() => log({ level: 'warn', event: 'not_restored' })),
          );
        }
        return found('validated', 'memory', entry);
      }
    }
    if (!known.answer) return null;
    const entry = arrived(known.answer, asked_ms, now_ms);
    if (sameEpochs(entry.answer.epochs, known.epochs) && now_ms < entry.answer.until_ms) {
      const better = preferred(memory.get(key), entry, now_ms);
      keep(subject, better);
      if (colo) behind(colo.put(subject, better));
      return found('hit', 'redis', better);
    }
    // The origin may have answered meanwhile.
    const newest = memory.get(key);
    if (!newest || newest.answer.created_ms < entry.answer.created_ms) keep(subject, outdated(entry));
    return null;
  }

  /** Asks the origin, and keeps what it says: `entry` is what it said, `kept` what is kept now. */
  async function load(subject: Subject, ask: Load, behind: WaitUntil, ends_ms: number) {
    const { key } = subject;
    const asked_ms = clock();
    const reply = await ask(ends_ms - asked_ms);
    const now_ms = clock();
    const origin_ms = now_ms - asked_ms;
    const times = reply.kind === 'answer' ? reply.times : [];
    if (reply.kind === 'answer' && reply.answer) {
      const entry = arrived(reply.answer, asked_ms, now_ms);
      const kept = preferred(memory.get(key), entry, now_ms);
      keep(subject, kept);
      if (colo) behind(colo.put(subject, kept));
      return { reply: null, entry, kept, origin_ms, times };
    }
    if (reply.kind === 'problem' && !isFailure(reply)) {
      memory.delete(key);
      if (colo) behind(colo.delete(subject));
      refusals.remember(key, reply);
    }
    return { reply, entry: null, kept: null, origin_ms, times };
  }

  /** Validates what is kept, and asks the origin where that does not help. Never rejects. */
  async function refresh(
    subject: Subject,
    ask: Load,
    behind: WaitUntil,
    { ends_ms, awaited }: { ends_ms: number; awaited: boolean },
  ): Promise<Outcome> {
    const begun_ms = clock();
    const told: Outcome = {
      ...HIT,
      how: 'passed',
      tier: 'memory',
      entry: null,
      replaced: memory.get(subject.key) !== undefined,
      problem: null,
    };
    let asked_ms = begun_ms;
    try {
      const { found, made } = await hedge.first({
        look: (beside) => find(subject, behind, ends_ms, awaited ? beside : null),
        make() {
          asked_ms = clock();
          told.cache_ms = asked_ms - begun_ms;
          return load(subject, ask, behind, ends_ms);
        },
        good: ({ kept }) => kept !== null,
        waitUntil: behind,
      });
      if (found) return found;
      const { reply, kept, ...took } = made;
      return { ...told, how: kept ? 'stored' : 'passed', ...took, entry: kept, reply };
    } catch (error) {
      // Nobody may be waiting for it, so a fault of our own is told here.
      if (!(error instanceof Problem)) log({ level: 'error', event: 'unexpected', ...traceOf(error) });
      return { ...told, origin_ms: clock() - asked_ms, problem: asProblem(error) };
    }
  }

  function share(subject: Subject, ask: Load, { waitUntil, budget_ms }: Options, awaited: boolean) {
    const about = () => ({ ends_ms: clock() + budget_ms, awaited });
    const patience_ms = budget_ms + GRACE_MS;
    return under_way.share(subject.key, () => refresh(subject, ask, waitUntil, about()), {
      waitUntil,
      patience_ms,
    });
  }

  function validateBehind(subject: Subject, ask: Load, options: Options) {
    if (!under_way.has(subject.key)) void share(subject, ask, options, false);
  }

  function held(subject: Subject, ask: Load, options: Options): Served | null {
    const kept = memory.get(subject.key);
    const step = kept ? stepOf(kept, clock(), random()) : 'ask';
    if (!kept || step === 'ask' || step === 'validate') return null;
    if (step === 'serve_and_validate') validateBehind(subject, ask, options);
    return { ...HIT, tier: 'memory', entry: kept, collapsed: false };
  }

  return {
    held,

    async renew(subject, ask, { waitUntil, budget_ms }) {
      const { reply, entry, origin_ms, times } = await load(subject, ask, waitUntil, clock() + budget_ms);
      return {
        ...{ ...HIT, how: 'renewed', tier: 'memory', entry, reply, collapsed: false },
        ...{ origin_ms, times },
      };
    },

    async answer(subject, ask, options) {
      const now = held(subject, ask, options);
      if (now) return now;
      const { key } = subject;
      const refusal = memory.get(key) ? null : refusals.get(key);
      if (refusal)
        return { ...HIT, how: 'passed', tier: 'memory', entry: null, reply: refusal, collapsed: false };

      const { value, joined } = await share(subject, ask, options, true);
      const { problem, ...outcome } = value;
      if (outcome.entry) {
        if (outcome.tier === 'colo' && stepOf(outcome.entry, clock()) !== 'serve')
          validateBehind(subject, ask, options);
        return { ...outcome, collapsed: joined };
      }
      const failed = problem !== null || (outcome.reply !== null && isFailure(outcome.reply));
      const standin = failed ? memory.get(key) : undefined;
      if (standin && mayStandIn(standin, clock())) {
        return { ...outcome, how: 'stale', entry: standin, reply: null, collapsed: joined };
      }
      if (problem) throw problem;
      return { ...outcome, collapsed: joined };
    },
  };
}
