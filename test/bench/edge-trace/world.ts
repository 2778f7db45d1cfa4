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
/** What the cache of a data centre takes, what the origin takes to make an answer, and what the views take to have an event. */
const COLO_MS = 3;
const MAKING_MS = 15;
const VIEWS_MS = 1_000;
const REDIS_BREAKER = { name: 'redis', failures: 3, shortest_ms: 1_000, longest_ms: 30_000, probe_ms: 5_000 };
/** About as large as ten recommendations. */
const ITEMS = 'x'.repeat(1_300);

const silent = () => {};

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
  const raised_ms = new Map<string, number>();
  const raising = new Set<string>();
  let made = 0;

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

  async function make() {
    await sleep(MAKING_MS);
    return { content: { made: ++made, items: ITEMS }, until_ms: clock() + LONGEST_MS, degraded: [] };
  }

  const load =
    ({ key, ...owner }: Subject) =>
    (deadline_ms: number) =>
      travel(origin_ms, deadline_ms, async (): Promise<Reply> => {
        const { answer } = await give(owner, key, make, { signal: never, deadline_ms });
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

  return {
    made: () => made,

    /** Asks for a person. `outdated` where an event of theirs is in the views, and not in the answer. */
    async ask(user_id: string, placement: string): Promise<Served & { took_ms: number; outdated: boolean }> {
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
      const begun_ms = clock();
      const served = await isolateOf(user_id).answer(subject, load(subject), {
        waitUntil: () => {},
        budget_ms: BUDGET_MS,
      });
      const epoch = served.entry?.answer.epochs.user ?? 0;
      return {
        ...served,
        took_ms: clock() - begun_ms,
        outdated: epoch < (raised_ms.get(user_id) ?? 0),
      };
    },

    /** A person's event is on the log: the views have it a moment later, and raise their epoch, once for all until then. */
    async post(user_id: string, type: Event['type']): Promise<void> {
      // Impressions change nobody's answers.
      if (type === 'impression' || raising.has(user_id)) return;
      raising.add(user_id);
      await sleep(VIEWS_MS);
      raising.delete(user_id);
      raised_ms.set(user_id, clock());
      await answers.raise([{ tenant_id: TENANT, user_id }], never);
    },
  };
}
