import { embeddedAnswers } from '#backing/answers/embedded.ts';
import { LONGEST_MS } from '#contract/answer.ts';
import type { Event } from '#contract/event.ts';
import { Problem } from '#contract/problem.ts';
import { type RecommendationRequest, recommendationsKey } from '#contract/recommendation.ts';
import { breaker } from '../../../edge/breaker.ts';
import { answerCache, type Served } from '../../../edge/cache/answers.ts';
import { coloCache, type ResponseCache } from '../../../edge/cache/colo.ts';
import { answerMemory } from '../../../edge/cache/memory.ts';
import { guardedRedis, type RedisTier } from '../../../edge/cache/redis.ts';
import { refusalMemory } from '../../../edge/cache/refusals.ts';
import type { Subject } from '../../../edge/cache/subject.ts';
import { inTime, LATE } from '../../../edge/in-time.ts';
import type { Reply } from '../../../edge/origin.ts';
import type { Random } from '../../../infra/local/simulated/random.ts';
import { openAnswers } from '../../../origin/answers.ts';
import type { VirtualTime } from './virtual-time.ts';

const TENANT = 'trace';
const COLOS = 5;
const ISOLATES = 20;
const BUDGET_MS = 800;
const EPOCHS_DEADLINE_MS = 200;
/** What the cache of a data centre takes, what the origin takes to make an answer, and what each view takes to have an event. */
const COLO_MS = 3;
const MAKING_MS = 15;
const VIEWS_MS = [300, 600, 1_000];
const REDIS_BREAKER = { name: 'redis', failures: 3, shortest_ms: 1_000, longest_ms: 30_000, probe_ms: 5_000 };
/** About as large as ten recommendations. */
const ITEMS = 'x'.repeat(1_300);

const silent = () => {};

/**
 * Why the origin had to be asked: nothing had been made for the person there, what was made had ended after its 15
 * minutes, what its person had done since (the last of it), what the tenant had changed, or none of these.
 */
export type Cause = 'first' | 'ended' | Exclude<Event['type'], 'impression'> | 'tenant' | 'else';

/** How far Redis and the origin are: what a round trip takes. */
export type Distance = { redis_ms: number; origin_ms: number; redis_deadline_ms: number };

/** The cache of a data centre: it keeps what says `public, max-age`, and for so long. */
function dataCentre({ clock, sleep }: VirtualTime): ResponseCache {
  const kept = new Map<string, { body: string; until_ms: number }>();
  return {
    async match(address: string) {
      await sleep(COLO_MS);
      const found = kept.get(address);
      return found && clock() < found.until_ms ? new Response(found.body) : undefined;
    },
    async put(address: string, response: Response) {
      const max_age = /^public, max-age=(\d+)$/.exec(response.headers.get('Cache-Control') ?? '')?.[1];
      if (!max_age) throw new TypeError('It would not be kept');
      const body = await response.text();
      kept.set(address, { body, until_ms: clock() + Number(max_age) * 1000 });
    },
    delete: async (address: string) => kept.delete(address),
  };
}

/** The edge's isolates, with their real caches, before one Redis and one origin that are as far away as is said. */
export function world({ time, random, distance }: { time: VirtualTime; random: Random; distance: Distance }) {
  const { clock, sleep } = time;
  const means = { clock, random: random.next, log: silent };
  const answers = embeddedAnswers({ clock });
  const { give } = openAnswers({ answers, clock, at_once: 1_000, answer_ms: 1_000, report: silent });
  const raised = new Map<string, { at_ms: number; by: Cause }>();
  const raising = new Set<string>();
  const made = new Map<string, number>();
  let [calls, answered, changed_ms] = [0, 0, 0];

  /** There, `work`, and back; or nothing, once the deadline is over. */
  async function travel<Value>(ms: number, deadline_ms: number, work: () => Promise<Value>): Promise<Value> {
    const there = async () => {
      await sleep(ms / 2);
      const value = await work();
      await sleep(ms / 2);
      return value;
    };
    const value = await inTime(there(), deadline_ms);
    if (value === LATE) throw new Problem('out-of-time', 'It took too long');
    return value;
  }

  const never = new AbortController().signal;
  const { redis_ms, origin_ms, redis_deadline_ms } = distance;
  const redis: RedisTier = {
    get: ({ key, ...owner }) => travel(redis_ms, redis_deadline_ms, () => answers.get(owner, key, never)),
    restore: ({ key, ...owner }, answer) =>
      travel(redis_ms, redis_deadline_ms, async () => {
        const { answer: kept } = await answers.get(owner, key, never);
        if (!kept) await answers.put(owner, key, answer, never);
      }),
    // Everybody asks with a token here.
    key: async () => null,
  };

  async function make(key: string) {
    made.set(key, clock());
    await sleep(MAKING_MS);
    return { content: { made: ++answered, items: ITEMS }, until_ms: clock() + LONGEST_MS, degraded: [] };
  }

  function causeOf(key: string, user_id: string): Cause {
    const made_ms = made.get(key);
    if (made_ms === undefined) return 'first';
    if (clock() >= made_ms + LONGEST_MS) return 'ended';
    const change = raised.get(user_id);
    if (change && change.at_ms >= made_ms) return change.by;
    return changed_ms >= made_ms ? 'tenant' : 'else';
  }

  const load =
    ({ key, ...owner }: Subject) =>
    (deadline_ms: number) =>
      travel(origin_ms, deadline_ms, async (): Promise<Reply> => {
        calls++;
        const { answer } = await give(owner, key, () => make(key), { signal: never, deadline_ms });
        return { kind: 'answer', body: answer.body, etag: answer.etag, answer, times: [] };
      });

  const centres = Array.from({ length: COLOS }, () => dataCentre(time));
  const isolates = Array.from({ length: ISOLATES }, (_, at) => {
    const centre = centres[at % COLOS] as (typeof centres)[number];
    return answerCache({
      ...means,
      memory: answerMemory(),
      refusals: refusalMemory(clock),
      colo: coloCache({ ...means, open: async () => centre }),
      redis: guardedRedis(redis, breaker({ ...means, ...REDIS_BREAKER })),
      epochs: {
        read: (tenant_id, user_id) =>
          travel(origin_ms, EPOCHS_DEADLINE_MS, () => answers.read(tenant_id, user_id, never)),
      },
    });
  });

  /** A person is near one data centre, whose isolates they reach by chance. */
  function isolateOf(user_id: string) {
    let place = 0;
    for (const letter of user_id) place = (place * 31 + letter.charCodeAt(0)) % COLOS;
    return isolates[place + COLOS * random.whole(0, ISOLATES / COLOS - 1)] as (typeof isolates)[number];
  }

  async function raise(user_id: string | null, by: Cause) {
    if (user_id === null) changed_ms = clock();
    else raised.set(user_id, { at_ms: clock(), by });
    await answers.raise([{ tenant_id: TENANT, user_id }], never);
  }

  return {
    /** How many answers were made, and how often the origin was asked. */
    counts: () => ({ made: answered, calls }),

    /**
     * Asks for a person. `outdated` where an event of theirs is in the views, and not in the answer; `cause` is why the
     * origin would have to be asked.
     */
    async ask(
      user_id: string,
      placement: string,
    ): Promise<Served & { took_ms: number; outdated: boolean; cause: Cause }> {
      const request: RecommendationRequest = {
        user_id,
        placement,
        limit: 10,
        locale: null,
        tags: [],
        exclude: [],
        context: null,
      };
      const subject = { key: recommendationsKey(TENANT, request), tenant_id: TENANT, user_id };
      const [begun_ms, cause] = [clock(), causeOf(subject.key, user_id)];
      const served = await isolateOf(user_id).answer(subject, load(subject), {
        waitUntil: () => {},
        budget_ms: BUDGET_MS,
      });
      const epoch = served.entry?.answer.epochs.user ?? 0;
      return {
        ...served,
        took_ms: clock() - begun_ms,
        outdated: epoch < (raised.get(user_id)?.at_ms ?? 0),
        cause,
      };
    },

    /** A person's event is on the log: each view has it a moment later, and raises their epoch, once for all until then. */
    async post(user_id: string, type: Event['type']): Promise<void> {
      // Impressions change nobody's answers.
      if (type === 'impression' || raising.has(user_id)) return;
      raising.add(user_id);
      for (const [at, view_ms] of VIEWS_MS.entries()) {
        await sleep(view_ms - (VIEWS_MS[at - 1] ?? 0));
        await raise(user_id, type);
      }
      raising.delete(user_id);
    },

    /** The tenant changes a campaign. */
    change: () => raise(null, 'tenant'),
  };
}
