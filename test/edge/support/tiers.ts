import fc from 'fast-check';
import { type Answer, LONGEST_MS } from '#contract/answer.ts';
import { type Epochs, raised } from '#contract/epoch.ts';
import { Problem } from '#contract/problem.ts';
import { breaker } from '../../../edge/breaker.ts';
import { answerCache } from '../../../edge/cache/answers.ts';
import { cacheStatus } from '../../../edge/cache/cache-status.ts';
import { coloCache } from '../../../edge/cache/colo.ts';
import { answerMemory } from '../../../edge/cache/memory.ts';
import { guardedRedis, type RedisTier } from '../../../edge/cache/redis.ts';
import { refusalMemory } from '../../../edge/cache/refusals.ts';
import type { Reply } from '../../../edge/origin.ts';

export const NOW = 1_800_000_000_000;
const DEGRADED_MS = 5_000;
/** Longer than what else is done at once. */
const SLOWER_MS = 5;
export const SUBJECT = { key: 'k', tenant_id: 't', user_id: 'u' };
const silent = () => {};

/** The cache of a data centre by the faked clock: it keeps what says `public, max-age`, and for so long. */
function fakeColo(clock: () => number) {
  const kept = new Map<string, { body: string; until_ms: number }>();
  return {
    kept,
    open: async () => ({
      match: async (key: RequestInfo | URL) => {
        const found = kept.get(String(key));
        return found && clock() < found.until_ms ? new Response(found.body) : undefined;
      },
      put: async (key: RequestInfo | URL, response: Response) => {
        const max_age = /^public, max-age=(\d+)$/.exec(response.headers.get('Cache-Control') ?? '')?.[1];
        if (!max_age) throw new TypeError('It would not be kept');
        kept.set(String(key), { body: await response.text(), until_ms: clock() + Number(max_age) * 1000 });
      },
      delete: async (key: RequestInfo | URL) => kept.delete(String(key)),
    }),
  };
}

/** Isolates in data centres before one Redis and one origin, all by one clock, and one question. */
export function world({ isolates = 4, colos = 2 }: { isolates?: number; colos?: number } = {}) {
  const state = {
    now_ms: NOW,
    epochs: { user: 1, tenant: 1 } as Epochs,
    /** When each pair of epochs was replaced by the next. */
    ended: new Map<string, number>(),
    redis: 'up' as 'up' | 'down' | 'garbage',
    /** How far Redis is, by the faked clock; then it is the slower one of all. */
    redis_ms: 0,
    origin: 'up' as 'up' | 'down' | 'degraded' | 'gone',
    stored: null as Answer | null,
    made: 0,
    random: 0,
  };
  const calls = { redis: 0, origin: 0, epochs: 0, restored: 0 };
  const clock = () => state.now_ms;
  const name = ({ user, tenant }: Epochs) => `${user} ${tenant}`;

  const tier: RedisTier = {
    async get() {
      calls.redis++;
      if (state.redis !== 'up') throw new TypeError(state.redis);
      const answer = state.stored && clock() < state.stored.until_ms ? state.stored : null;
      const said = { epochs: { ...state.epochs }, answer };
      if (state.redis_ms > 0) {
        await new Promise((resolve) => setTimeout(resolve, SLOWER_MS));
        state.now_ms += state.redis_ms;
      }
      return said;
    },
    key: async () => null,
    async restore(_, answer) {
      calls.restored++;
      state.stored ??= answer;
    },
  };

  /** The origin keeps what it makes in Redis, as it does. */
  async function load(): Promise<Reply> {
    calls.origin++;
    if (state.origin === 'down') throw new Problem('unavailable', 'no origin');
    if (state.origin === 'gone') return { kind: 'problem', status: 404, body: '{}', retry_after: null };
    const epochs = { ...state.epochs };
    const bad = state.origin === 'degraded';
    const answer: Answer = {
      format: 1,
      body: String(++state.made),
      etag: `"${state.made}"`,
      epochs,
      created_ms: clock(),
      until_ms: clock() + (bad ? DEGRADED_MS : LONGEST_MS),
      degraded: bad ? ['vectors'] : [],
    };
    const { stored } = state;
    const holds = stored && clock() < stored.until_ms && name(stored.epochs) === name(epochs);
    if (state.redis === 'up' && !(bad && holds && stored.degraded.length === 0)) state.stored = answer;
    return { kind: 'answer', body: answer.body, etag: answer.etag, answer, times: [] };
  }

  const centres = Array.from({ length: colos }, () => fakeColo(clock));
  const behind: Promise<unknown>[] = [];
  const caches = Array.from({ length: isolates }, (_, at) => {
    const means = { clock, random: () => state.random, log: silent };
    const centre = centres[at % colos] as ReturnType<typeof fakeColo>;
    const guard = breaker({
      ...means,
      name: 'redis',
      failures: 3,
      shortest_ms: 1_000,
      longest_ms: 30_000,
      probe_ms: 5_000,
    });
    return answerCache({
      ...means,
      memory: answerMemory(),
      refusals: refusalMemory(clock),
      colo: coloCache({ ...means, open: centre.open }),
      redis: guardedRedis(tier, guard),
      epochs: {
        read: async () => {
          calls.epochs++;
          if (state.origin === 'down') throw new Problem('unavailable', 'no origin');
          return { ...state.epochs };
        },
      },
    });
  });

  return {
    state,
    calls,
    centres,
    /** When an answer's epochs ceased to be those of now; never, where they still are. */
    endedAt: (answer: Answer) => state.ended.get(name(answer.epochs)) ?? Number.POSITIVE_INFINITY,
    change(whose: 'user' | 'tenant') {
      state.ended.set(name(state.epochs), state.now_ms);
      state.epochs = { ...state.epochs, [whose]: raised(state.epochs[whose], state.now_ms) };
    },
    /** Forgets the person: what is kept for them in Redis goes at once, where that is up. */
    forget() {
      this.change('user');
      if (state.redis === 'up') state.stored = null;
    },
    /** Asks an isolate; null where no answer can be had. What goes on behind is done when it resolves. */
    async read(isolate = 0, subject = SUBJECT) {
      const options = { waitUntil: (work: Promise<unknown>) => void behind.push(work), budget_ms: 800 };
      const cache = caches[isolate] as (typeof caches)[number];
      const served = await cache.answer(subject, load, options).catch((error) => {
        if (error instanceof Problem) return null;
        throw error;
      });
      while (behind.length > 0) await Promise.all(behind.splice(0));
      return served && { ...served, status: cacheStatus(served, state.now_ms) };
    },
  };
}

export type Step =
  | { does: 'read'; isolate: number }
  | { does: 'wait'; ms: number }
  | { does: 'change'; whose: 'user' | 'tenant' }
  | { does: 'origin'; is: 'up' | 'down' | 'degraded' }
  | { does: 'redis'; is: 'up' | 'down' | 'garbage' }
  | { does: 'lose' };

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const just = <D extends Step['does']>(does: D) => fc.constant(does);
const anyStep = fc.oneof(
  weighted(8, fc.record({ does: just('read'), isolate: fc.nat(3) })),
  weighted(
    4,
    fc.record({
      does: just('wait'),
      ms: fc.oneof(
        fc.constantFrom(1, 3_999, 4_000, 4_999, 5_000, 5_001, 47_999, 48_000, 59_999, 60_000, LONGEST_MS),
        fc.integer({ min: 0, max: 90_000 }),
      ),
    }),
  ),
  weighted(2, fc.record({ does: just('change'), whose: fc.constantFrom('user', 'tenant') })),
  weighted(1, fc.record({ does: just('origin'), is: fc.constantFrom('up', 'down', 'degraded') })),
  weighted(1, fc.record({ does: just('redis'), is: fc.constantFrom('up', 'down', 'garbage') })),
  weighted(1, fc.record({ does: just('lose') })),
);

/** Whatever may happen, one after the other. */
export const anySteps = fc.array(anyStep as fc.Arbitrary<Step>, { minLength: 5, maxLength: 60 });
export const anyChance = fc.constantFrom(0, 0.5, 0.999);

/** Lets something happen; gives what was served where that was a question. */
export async function perform({ state, read, change }: ReturnType<typeof world>, step: Step) {
  if (step.does === 'read') return read(step.isolate);
  if (step.does === 'wait') state.now_ms += step.ms;
  else if (step.does === 'change') change(step.whose);
  else if (step.does === 'origin') state.origin = step.is;
  else if (step.does === 'redis') state.redis = step.is;
  else state.stored = null;
  return null;
}
